import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Identity } from '../session/identity.ts';
import { userLabel } from '../session/session-secret.ts';

/** Credentials of users are Secrets in the server's namespace, with this label. */
export const CREDENTIAL_NAMESPACE = SYSTEM_NAMESPACE;
export const CREDENTIAL_LABEL = 'iam.kubesphere.io/credential';

const OWNER_LABEL = 'iam.kubesphere.io/credential-owner';
const CREDENTIAL_TYPE = 'kubesphere.io/credential';

/** Kinds of credentials. */
export type CredentialKind = 'api-token' | 'totp';

/** Makes the Secret of a credential; `data` are texts. It is deleted with its user. */
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
    data: encodeData({ username, uid, ...data }),
  };
}

/** Encodes texts as the data of a Secret. */
export function encodeData(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

/** Returns a text of a Secret's data; '' for none. */
export function readText(secret: KubeObject, key: string): string {
  return Buffer.from(String(secret.data?.[key] ?? ''), 'base64').toString();
}

/**
 * Whether a Secret is a credential of this kind. Users can label their own Secrets, but none in
 * this namespace.
 */
export function isCredential(
  secret: KubeObject | undefined,
  kind: CredentialKind,
): secret is KubeObject {
  return secret?.type === CREDENTIAL_TYPE && secret.metadata.labels?.[CREDENTIAL_LABEL] === kind;
}
