import { createHash } from 'node:crypto';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Session } from './sessions.ts';

/** Label of everything here; its value stands for the user. */
export const SESSION_LABEL = 'session.kubesphere.io/user';

const SESSION_TYPE = 'kubesphere.io/session';

/** A label value that stands for a user: names are longer than the 63 characters of a label. */
export function userLabel(username: string): string {
  return createHash('sha256').update(username).digest('hex').slice(0, 40);
}

/** Name of the Secret of a session. */
export function secretName(id: string): string {
  return `session-${id}`;
}

/**
 * The Secret that holds a session; `resourceVersion` makes its update fail when somebody was
 * faster.
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

/** The session that a Secret holds; undefined for any other Secret. */
export function sessionOf(secret: KubeObject | undefined): Session | undefined {
  if (secret?.type !== SESSION_TYPE) {
    return undefined;
  }

  const text = (secret.data as Record<string, string> | undefined)?.session;
  if (text === undefined) {
    return undefined;
  }

  try {
    const session = JSON.parse(Buffer.from(text, 'base64').toString()) as Session;
    return secretName(session.id) === secret.metadata.name ? session : undefined;
  } catch {
    return undefined;
  }
}
