import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import type { LoginSource } from '../models/iam/login/login-source.ts';

/**
 * Where a call that proves who somebody is comes from: a log-in is worth a record, to confirm one's
 * password is only if it fails.
 */
export function sourceOf(
  { sourceIP, headers }: Pick<RouteRequest, 'sourceIP' | 'headers'>,
  recordSuccess: boolean,
  type: LoginSource['type'] = 'Token',
): LoginSource {
  return { type, sourceIP, userAgent: headers['user-agent'] ?? '', recordSuccess };
}
