import { SECRETS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import { requireSecretAccess } from '../models/authorization/restrictions/secret-access.ts';
import { type Outbound, OutboundError } from '../models/outbound/outbound.ts';
import { ImageNotFound } from '../models/verification/registry.ts';

/** Dependencies of handlers that contact servers which their callers name. */
export interface VerificationDependencies {
  client: KubeReader;
  authorizer: Authorizer;
  outbound: Outbound;
}

/**
 * Turns the failure of a server that the caller named into a status; other errors are thrown
 * unchanged.
 */
export async function answering<T>(
  { failed, missing = failed }: { failed: 400 | 500; missing?: 400 | 404 | 500 },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ImageNotFound && missing === 404) {
      throw new StatusError(404, 'NotFound', error.message);
    }

    if (error instanceof OutboundError || error instanceof SyntaxError) {
      throw new StatusError(failed, failed === 400 ? 'BadRequest' : 'InternalError', error.message);
    }

    throw error;
  }
}

/**
 * Reads a Secret for a caller who may read it themselves: its contents are sent to a server of
 * their choice.
 */
export async function readSecret(
  { client, authorizer }: VerificationDependencies,
  request: RouteRequest,
  namespace: string,
  name: string,
): Promise<KubeObject> {
  if (namespace === '' || name === '') {
    throw new StatusError(400, 'BadRequest', 'name and namespace of the secret are required');
  }

  requireSecretAccess(authorizer, request.user, namespace, name);

  return client.get<KubeObject>({ resource: SECRETS, namespace, name }, request.signal);
}
