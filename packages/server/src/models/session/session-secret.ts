import { createHash } from 'node:crypto';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Session } from './sessions.ts';

/** Label of all Secrets of sessions; its value stands for the user. */
export const SESSION_LABEL = 'session.kubesphere.io/user';

const SESSION_TYPE = 'kubesphere.io/session';

/**
 * Returns a label value that stands for a user: names may be longer than the 63 characters of a
 * label.
 */
export function userLabel(username: string): string {
  return createHash('sha256').update(username).digest('hex').slice(0, 40);
}

/** Returns the name of a session's Secret. */
export function secretName(id: string): string {
  return `session-${id}`;
}

/**
 * Makes the Secret of a session; with a `resourceVersion`, an update fails if the Secret has
 * changed.
 */
export function secretOf(session: Session, resourceVersion?: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName(session.id),
      namespace: SYSTEM_NAMESPACE,
      labels: { [SESSION_LABEL]: userLabel(session.username) },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: SESSION_TYPE,
    data: { session: Buffer.from(JSON.stringify(session)).toString('base64') },
  };
}

/** Returns the session in a Secret; undefined for any other Secret. */
export function sessionOf(secret: KubeObject | undefined): Session | undefined {
  if (secret?.type !== SESSION_TYPE) {
    return undefined;
  }

  const text: unknown = secret.data?.session;
  if (typeof text !== 'string') {
    return undefined;
  }

  try {
    const session: Session = JSON.parse(Buffer.from(text, 'base64').toString());
    return secretName(session.id) === secret.metadata.name ? session : undefined;
  } catch {
    return undefined;
  }
}
