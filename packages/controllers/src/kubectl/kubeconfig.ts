import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  kubeconfigIn,
  kubeconfigKey,
  makeKubeconfig,
  usersOfKubeconfig,
} from '@ks-apiserver/api/kubeconfig';
import { USERNAME_LABEL } from '@ks-apiserver/api/labels';
import { CONFIG_MAPS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { GroupVersionResource, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted } from '../runtime/ensure.ts';

const REQUESTS: GroupVersionResource = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
};

const SIGNER = 'kubernetes.io/kube-apiserver-client';
const DAY_MS = 86_400_000;
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** Node's timers hold no more than 24 days. */
const LOOK_AGAIN_MS = 20 * DAY_MS;
const SIGNED_WITHIN_MS = 20_000;

/** When a kubeconfig is looked at again whose user has not been seen yet, in milliseconds. */
const UNKNOWN_USER_MS = 1000;

/** Dependencies of the kubeconfig controller. */
export interface KubeconfigDependencies {
  client: KubeClient;
  users: Informer;
  /** ConfigMaps of the namespace in which kubeconfigs are. */
  maps: Informer;
  /** Where users reach the Kubernetes API, and the CA (PEM) of its certificate. */
  endpoint: { server: string; ca?: string };
  /** Makes a key and a PKCS #10 request for it, both PEM. */
  makeSigningRequest: (subject: {
    commonName: string;
    uid?: string;
  }) => Promise<{ request: string; key: string }>;
  /**
   * Whether certificates contain the uid of their user, as on the embedded API. A cluster's signer
   * drops unknown attributes of a subject, and its RBAC compares names only.
   */
  carriesUid: boolean;
}

function kubeconfig(
  user: string,
  { server, ca }: KubeconfigDependencies['endpoint'],
  cert: string,
  key: string,
): string {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');

  return `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: ${JSON.stringify(server)}
${ca === undefined ? '' : `    certificate-authority-data: ${base64(ca)}\n`}users:
- name: ${JSON.stringify(user)}
  user:
    client-certificate-data: ${base64(cert)}
    client-key-data: ${base64(key)}
contexts:
- name: ${JSON.stringify(`${user}@local`)}
  context:
    cluster: local
    user: ${JSON.stringify(user)}
    namespace: default
current-context: ${JSON.stringify(`${user}@local`)}
preferences: {}
`;
}

/**
 * Attribute of a certificate's subject that holds its user's uid (Kubernetes "X.509 client
 * certificates", since 1.34).
 */
const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2';

/**
 * Returns the client certificate in a kubeconfig as the controller writes it; undefined when there
 * is none. Throws for one that cannot be parsed.
 */
export function certificateOf(kubeconfig: string): X509Certificate | undefined {
  const certificate = /^ {4}client-certificate-data: (\S+)$/m.exec(kubeconfig)?.[1];
  return certificate === undefined
    ? undefined
    : new X509Certificate(Buffer.from(certificate, 'base64'));
}

/**
 * Returns for how many milliseconds a kubeconfig is good; 0 when it is not that user's, not for
 * that API, or expires soon. With `uid` its certificate must contain it.
 */
function goodFor(
  text: string,
  { user, uid }: { user: string; uid: string | undefined },
  { server, ca }: KubeconfigDependencies['endpoint'],
): number {
  if (!text.includes(`server: ${JSON.stringify(server)}\n`)) {
    return 0;
  }
  if (ca !== undefined && !text.includes(Buffer.from(ca).toString('base64'))) {
    return 0;
  }

  try {
    const certificate = certificateOf(text);
    if (certificate === undefined) {
      return 0;
    }

    const { subject, validFrom, validTo } = certificate;
    const attributes = subject.split('\n');
    if (!attributes.includes(`CN=${user}`)) {
      return 0;
    }
    if (uid !== undefined && !attributes.includes(`${UID_ATTRIBUTE}=${uid}`)) {
      return 0;
    }

    // A signer may give less time than was asked for.
    const before = Math.min(RENEW_BEFORE_MS, (Date.parse(validTo) - Date.parse(validFrom)) / 3);

    return Math.max(0, Date.parse(validTo) - before - Date.now());
  } catch {
    // What somebody put there by hand and is no certificate is replaced.
    return 0;
  }
}

/**
 * Writes a client certificate in the name of its user into each kubeconfig that was asked for, and a
 * new one before it expires. A key that nobody has asked for is one that can only be stolen.
 */
export function kubeconfigReconciler(dependencies: KubeconfigDependencies): Reconciler {
  const { client, users, maps, endpoint, makeSigningRequest, carriesUid } = dependencies;

  /**
   * Has a certificate signed for the key that was made here: requests made by others are never
   * approved.
   */
  async function certificate(
    user: string,
    uid: string | undefined,
    signal: AbortSignal,
  ): Promise<{ cert: string; key: string }> {
    const { request, key } = await makeSigningRequest({
      commonName: user,
      ...(uid !== undefined && { uid }),
    });

    const labels = user.length <= 63 ? { [USERNAME_LABEL]: user } : {};
    const name = `${user}-csr-${Math.floor(Date.now() / 1000)}`;

    const created = await client.create(REQUESTS, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name, labels },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: SIGNER,
        usages: ['key encipherment', 'client auth', 'digital signature'],
      },
    });

    try {
      const message = 'This CSR was approved by KubeSphere';

      const approved = {
        type: 'Approved',
        status: 'True',
        reason: 'KubeSphereApprove',
        message,
        lastUpdateTime: timestamp(),
      };

      const bytes = Buffer.from(JSON.stringify({ ...created, status: { conditions: [approved] } }));
      const path = resourcePath(REQUESTS, undefined, name, 'approval');

      await client.raw('PUT', path, { type: 'application/json', bytes });

      return { cert: await signed(name, signal), key };
    } finally {
      await ensureDeleted(client, { resource: REQUESTS, name });
    }
  }

  async function signed(name: string, signal: AbortSignal): Promise<string> {
    const end = Date.now() + SIGNED_WITHIN_MS;
    for (let wait = 20; Date.now() < end; wait = Math.min(wait * 2, 1000)) {
      await sleep(wait, undefined, { signal });

      const { status } = await client.get({ resource: REQUESTS, name }, signal);
      if (status?.certificate) {
        return Buffer.from(String(status.certificate), 'base64').toString();
      }

      const failed = (status?.conditions as { type: string; message?: string }[] | undefined)?.find(
        ({ type }) => type === 'Failed' || type === 'Denied',
      );

      if (failed) {
        throw new StatusError(
          403,
          'Forbidden',
          `${name} is not signed: ${failed.message ?? failed.type}`,
        );
      }
    }

    throw new StatusError(504, 'Timeout', `${name} was not signed in time`);
  }

  return {
    name: 'kubeconfig',
    about: (name) => users.store.get(name)?.object,
    sources: [{ informer: maps, keys: ({ entry }) => usersOfKubeconfig(entry.name) }],
    async reconcile(name, signal) {
      const found = await client.find(kubeconfigKey(name));
      if (!found || isTerminating(found)) {
        return undefined;
      }

      const text = kubeconfigIn(found);
      const user = users.store.get(name)?.object as PersistedObject | undefined;

      // The ConfigMap is deleted with its owner.
      if (!user || isTerminating(user)) {
        return text === '' ? UNKNOWN_USER_MS : undefined;
      }

      const owned = found.metadata.ownerReferences?.some(({ uid }) => uid === user.metadata.uid);
      const uid = carriesUid ? user.metadata.uid : undefined;
      const good = owned ? goodFor(text, { user: name, uid }, endpoint) : 0;

      if (good > 0) {
        return Math.min(good, LOOK_AGAIN_MS);
      }

      const { cert, key } = await certificate(name, uid, signal);

      // No certificate is kept for a user who was deleted while it was signed.
      const current = users.store.get(name)?.object;
      if (!current || current.metadata.uid !== user.metadata.uid || isTerminating(current)) {
        return undefined;
      }

      const map = makeKubeconfig(user, kubeconfig(name, endpoint, cert, key), found);
      await client.update(CONFIG_MAPS, map);

      return LOOK_AGAIN_MS;
    },
  };
}
