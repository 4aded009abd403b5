import { S2I_BINARY_FINALIZER } from '@ks-apiserver/api/devops';
import { S2I_BINARIES } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { keyOf, splitKey } from './project-folders.ts';

/** Name of a binary that images are built from. */
export interface BinaryKey {
  namespace: string;
  name: string;
}

/** Deletes the uploaded bytes of a binary; does nothing when there are none. */
export type DeleteBinary = (key: BinaryKey, signal: AbortSignal) => Promise<void>;

/** Dependencies of the controller of binaries. */
export interface S2iBinaryDependencies {
  client: KubeClient;
  binaries: Informer;
  deleteBinary: DeleteBinary;
}

/** Deletes what was uploaded for a binary together with it. */
export function s2iBinaryReconciler({
  client,
  binaries,
  deleteBinary,
}: S2iBinaryDependencies): Reconciler {
  /** Names in a bucket are joined: `a/b-c` and `a-b/c` have the same, and one may be another's. */
  const isShared = (key: BinaryKey) => {
    const joined = joinedName(key);

    return [...binaries.store.values()].some(
      (other) => other.namespace !== key.namespace && joinedName(other) === joined,
    );
  };

  return {
    name: 's2i-binary',
    about: (key) => {
      const { namespace, name } = splitKey(key);
      return binaries.store.get(name, namespace)?.object;
    },
    sources: [{ informer: binaries, keys: ({ entry }) => [keyOf(entry)] }],
    async reconcile(key, signal) {
      const { namespace, name } = splitKey(key);
      const binary = binaries.store.get(name, namespace)?.object;
      if (!binary) {
        return undefined;
      }

      if (!isTerminating(binary)) {
        await withFinalizer(client, S2I_BINARIES, binary, S2I_BINARY_FINALIZER);
      } else if (binary.metadata.finalizers?.includes(S2I_BINARY_FINALIZER)) {
        if (!isShared({ namespace, name })) {
          await deleteBinary({ namespace, name }, signal);
        }

        await withoutFinalizer(client, S2I_BINARIES, binary, S2I_BINARY_FINALIZER);
      }

      return undefined;
    },
  };
}

function joinedName({ namespace, name }: BinaryKey): string {
  return `${namespace}-${name}`;
}
