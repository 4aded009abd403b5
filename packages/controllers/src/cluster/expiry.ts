import { X509Certificate } from 'node:crypto';
import { KubeconfigError, parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import type { ClusterCondition } from './cluster-object.ts';
import { claimsOf } from './token-claims.ts';

/** How long before credentials expire their Cluster says so, in milliseconds. */
const WARN_MS = 7 * 86_400_000;

/** Condition of a Cluster whose kubeconfig expires soon or has expired (KubeSphere 3.2). */
export const EXPIRY_CONDITION = 'KubeConfigCertExpiresInSevenDays';

/** When credentials of a kubeconfig end to be valid. */
export interface Expiry {
  /** Milliseconds since 1970. */
  at: number;
  what: 'client certificate' | 'token';
}

function ofCertificate(pem: string | undefined): Expiry[] {
  if (pem === undefined) {
    return [];
  }

  try {
    return [{ at: Date.parse(new X509Certificate(pem).validTo), what: 'client certificate' }];
  } catch {
    // The probe of the cluster says that the kubeconfig cannot be used.
    return [];
  }
}

function ofToken(token: string | undefined): Expiry[] {
  const { exp } = claimsOf(token ?? '');
  return typeof exp === 'number' ? [{ at: exp * 1000, what: 'token' }] : [];
}

/**
 * Returns when the first credentials of a kubeconfig (base64) expire; undefined if none do, or if
 * that cannot be read from it.
 */
export async function expiryOf(kubeconfig: string): Promise<Expiry | undefined> {
  try {
    const text = Buffer.from(kubeconfig, 'base64').toString();
    const { cert, token } = await parseKubeconfig(text, undefined);

    return [...ofCertificate(cert), ...ofToken(token)].sort((a, b) => a.at - b.at)[0];
  } catch (error) {
    if (error instanceof KubeconfigError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Returns the condition that tells about the expiry of a kubeconfig at a time, in milliseconds
 * since 1970; its status is True for one that needs somebody's attention.
 */
export function expiryCondition(expiry: Expiry | undefined, now: number): ClusterCondition {
  const type = EXPIRY_CONDITION;
  if (!expiry || expiry.at - now > WARN_MS) {
    return { type, status: 'False', reason: 'KubeConfigValid', message: '' };
  }

  const at = new Date(expiry.at).toISOString();
  const next = 'give the cluster a new kubeconfig';

  return expiry.at <= now
    ? {
        type,
        status: 'True',
        reason: 'KubeConfigExpired',
        message: `The ${expiry.what} of the kubeconfig has expired at ${at}: ${next}`,
      }
    : {
        type,
        status: 'True',
        reason: 'KubeConfigExpires',
        message: `The ${expiry.what} of the kubeconfig expires at ${at}: ${next} before`,
      };
}
