import { SECRETS } from '@ks-apiserver/api/resources';
import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, ObjectKey } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { accountUidOf, claimsOf } from '../../cluster/token-claims.ts';

/** How long a token is asked for, in seconds. The cluster may give it for less. */
const TOKEN_SECONDS = 7 * 86_400;

/** Annotation of a Secret that Kubernetes fills with a token: the name of its ServiceAccount. */
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

/** A ServiceAccount, of which older clusters name the Secrets with its tokens. */
export interface ServiceAccount extends PersistedObject {
  secrets?: { name?: string }[];
}

/**
 * Returns in how many milliseconds a token is to be replaced, at half of its life; undefined for
 * one that does not expire. Negative for one that is too old, or that of another account.
 */
export function renewalOf(
  token: string,
  account: Pick<ServiceAccount, 'metadata'>,
  now: number,
): number | undefined {
  const claims = claimsOf(token);
  const uid = accountUidOf(claims);
  if (token === '' || (uid !== undefined && uid !== account.metadata.uid)) {
    return -1;
  }

  const { iat, exp } = claims;

  return typeof iat === 'number' && typeof exp === 'number'
    ? ((iat + exp) / 2) * 1000 - now
    : undefined;
}

async function tokenIn(
  client: KubeClient,
  key: Omit<ObjectKey, 'resource'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const secret = await client.find({ resource: SECRETS, ...key }, signal);
  const token: unknown = secret?.data?.token;

  return typeof token === 'string' && token !== ''
    ? Buffer.from(token, 'base64').toString()
    : undefined;
}

/** Requests a token (Kubernetes "TokenRequest"); undefined from clusters that do not know that. */
async function requestToken(
  client: KubeClient,
  { metadata }: ServiceAccount,
  signal: AbortSignal,
): Promise<string | undefined> {
  const resource = { group: '', version: 'v1', resource: 'serviceaccounts' };
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: { expirationSeconds: TOKEN_SECONDS, audiences: [] },
  };

  try {
    const bytes = await client.raw(
      'POST',
      resourcePath(resource, metadata.namespace, metadata.name, 'token'),
      { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) },
      signal,
    );

    const { status }: { status?: unknown } = Object(JSON.parse(bytes.toString()));

    return isObject(status) && typeof status.token === 'string' ? status.token : undefined;
  } catch (error) {
    if (error instanceof StatusError && (error.code === 404 || error.code === 405)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Returns a token of a ServiceAccount: the one that older clusters make of themselves, else one
 * that is requested and expires, else that of a Secret that the cluster is to fill. Undefined while
 * the cluster has not made any.
 */
export async function accountToken(
  client: KubeClient,
  account: ServiceAccount,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, namespace } = account.metadata;

  for (const secret of account.secrets ?? []) {
    const token = await tokenIn(client, { namespace, name: secret.name ?? '' }, signal);
    if (token !== undefined) {
      return token;
    }
  }

  const requested = await requestToken(client, account, signal);
  if (requested !== undefined) {
    return requested;
  }

  const own = `${name}-token`;

  await ensureCreated(client, SECRETS, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: {
      name: own,
      ...(namespace !== undefined && { namespace }),
      annotations: { [ACCOUNT_ANNOTATION]: name },
    },
  });

  return tokenIn(client, { namespace, name: own }, signal);
}
