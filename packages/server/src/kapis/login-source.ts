import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import type { LoginSource } from '../models/iam/login/login-source.ts';

/**
 * Returns the source of a log-in: a log-in is always recorded, the confirmation of a password only
 * when it fails.
 */
export function sourceOf(
  { sourceIP, headers }: Pick<RouteRequest, 'sourceIP' | 'headers'>,
  { recordSuccess, type = 'Token' }: Pick<LoginSource, 'recordSuccess'> & Partial<LoginSource>,
): LoginSource {
  return { type, sourceIP, userAgent: headers['user-agent'] ?? '', recordSuccess };
}
