import {
  AUTOSYNC_ANNOTATION,
  CREDENTIAL_FINALIZER,
  isCredentialType,
  SYNC_PREFIXES,
} from '@ks-apiserver/api/devops';
import { SECRETS } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type {
  CredentialForm,
  JenkinsCredentials,
} from '@ks-apiserver/upstreams/jenkins/jenkins-credentials';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { keyOf, keysIn, type ProjectFolders, splitKey } from './project-folders.ts';
import { reportSync } from './sync-report.ts';

/** Dependencies of the controller of credentials. */
export interface DevOpsCredentialDependencies {
  client: KubeClient;
  /** Follows Secrets, with their `type` among the fields. */
  secrets: Informer;
  projects: Informer;
  namespaces: Informer;
  folders: ProjectFolders;
  credentials: JenkinsCredentials;
  events: EventRecorder;
}

/**
 * Keeps a credential in Jenkins for each Secret of a DevOps project whose type says so, and deletes
 * it with the Secret. Later changes of the Secret reach Jenkins if an annotation asks for it.
 */
export function devopsCredentialReconciler(dependencies: DevOpsCredentialDependencies): Reconciler {
  const { client, secrets, projects, namespaces, folders, credentials, events } = dependencies;

  const reporter = { client, events, resource: SECRETS, prefix: SYNC_PREFIXES.credential };

  async function remove(secret: PersistedObject, folder: string, signal: AbortSignal) {
    if (!secret.metadata.finalizers?.includes(CREDENTIAL_FINALIZER)) {
      return;
    }

    if (folders.belongsToProject(folder)) {
      await credentials.delete({ folder, id: secret.metadata.name }, signal);
    }

    await withoutFinalizer(client, SECRETS, secret, CREDENTIAL_FINALIZER);
  }

  async function sync(secret: PersistedObject, folder: string, signal: AbortSignal) {
    const key = { folder, id: secret.metadata.name };
    const form = formOf(secret);
    const follows = secret.metadata.annotations?.[AUTOSYNC_ANNOTATION] !== undefined;

    // Some versions of Jenkins answer a second creation as they answer the first one.
    if (!follows || !(await credentials.update(key, form, signal))) {
      await credentials.create(key, form, signal);
    }

    return undefined;
  }

  /** Returns the keys of the credentials among some keys of Secrets. */
  const credentialsOf = (keys: readonly string[]) =>
    keys.filter((key) => {
      const { namespace, name } = splitKey(key);
      return isCredentialType(secrets.store.get(name, namespace)?.fields.type);
    });

  return {
    name: 'devops-credential',
    about: (key) => {
      const { namespace, name } = splitKey(key);
      const entry = secrets.store.get(name, namespace);

      return (
        entry && {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name, namespace, uid: entry.uid, resourceVersion: entry.resourceVersion },
        }
      );
    },
    sources: [
      {
        informer: secrets,
        keys: ({ entry }) => (isCredentialType(entry.fields.type) ? [keyOf(entry)] : []),
      },
      {
        informer: namespaces,
        keys: ({ entry }) => credentialsOf(keysIn(secrets, [entry.name])),
      },
      {
        informer: projects,
        keys: (change) => credentialsOf(keysIn(secrets, folders.namespacesOf(change))),
      },
    ],
    async reconcile(key, signal) {
      const { namespace, name } = splitKey(key);
      if (!secrets.store.get(name, namespace)) {
        return undefined;
      }

      // The informer keeps no values of Secrets for long.
      const secret = await client.find({ resource: SECRETS, namespace, name }, signal);
      if (!secret || !isCredentialType(secret.type)) {
        return undefined;
      }

      if (isTerminating(secret)) {
        await remove(secret, namespace, signal);
        return undefined;
      }

      const folder = folders.readyFolder(namespace);
      if (folder === undefined) {
        return undefined;
      }

      const kept = await withFinalizer(client, SECRETS, secret, CREDENTIAL_FINALIZER);
      await reportSync(reporter, kept, () => sync(kept, folder, signal));

      return undefined;
    },
  };
}

/** Returns what Jenkins is to keep of a Secret. */
function formOf({ type, data }: PersistedObject): CredentialForm {
  const values = (data ?? {}) as Readonly<Record<string, string>>;
  const value = (name: string) => Buffer.from(values[name] ?? '', 'base64').toString();

  switch (type) {
    case `${SYNC_PREFIXES.credential}basic-auth`:
      return { type: 'basic-auth', username: value('username'), password: value('password') };
    case `${SYNC_PREFIXES.credential}ssh-auth`:
      return {
        type: 'ssh-auth',
        username: value('username'),
        passphrase: value('passphrase'),
        privateKey: value('privatekey'),
      };
    case `${SYNC_PREFIXES.credential}kubeconfig`:
      return { type: 'kubeconfig', content: value('content') };
    default:
      return { type: 'secret-text', secret: value('secret') };
  }
}
