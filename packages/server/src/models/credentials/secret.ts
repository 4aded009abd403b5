import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Identity } from '../session/identity.ts';
import { userLabel } from '../session/session-secret.ts';

/**
 * Where credentials of users are kept: Secrets of the namespace of the server, apart by this label.
 */
export const CREDENTIAL_NAMESPACE = SYSTEM_NAMESPACE;
export const CREDENTIAL_LABEL = 'iam.kubesphere.io/credential';

const OWNER_LABEL = 'iam.kubesphere.io/credential-owner';
const CREDENTIAL_TYPE = 'kubesphere.io/credential';

/** Kinds of credentials. */
export type CredentialKind = 'api-token' | 'totp';

/** The Secret of a credential; `data` are texts. It goes with its user. */
export function credentialSecret(
  kind: CredentialKind,
  name: string,
  { name: username, uid }: Identity,
  data: Readonly<Record<string, string>>,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: CREDENTIAL_NAMESPACE,
      labels: { [CREDENTIAL_LABEL]: kind, [OWNER_LABEL]: userLabel(username) },
      ownerReferences: [
        { apiVersion: 'iam.kubesphere.io/v1alpha2', kind: 'User', name: username, uid },
      ],
    },
    type: CREDENTIAL_TYPE,
    data: encoded({ username, uid, ...data }),
  };
}

/** Texts as the data of a Secret. */
export function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

/** A text of a Secret's data; '' where there is none. */
export function decoded(secret: KubeObject, key: string): string {
  return Buffer.from(
    (secret.data as Record<string, string> | undefined)?.[key] ?? '',
    'base64',
  ).toString();
}

/**
 * Whether a Secret is a credential of this kind: anybody may label a Secret of his, but not in this
 * namespace.
 */
export function isCredential(
  secret: KubeObject | undefined,
  kind: CredentialKind,
): secret is KubeObject {
  return secret?.type === CREDENTIAL_TYPE && secret.metadata.labels?.[CREDENTIAL_LABEL] === kind;
}
