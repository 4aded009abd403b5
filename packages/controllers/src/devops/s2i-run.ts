import { S2I_BINARY_FINALIZER, S2I_BINARY_LABEL } from '@ks-apiserver/api/devops';
import { S2I_BINARIES, S2I_RUNS } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted, withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { keyOf, splitKey } from './project-folders.ts';

/** Binaries that are not ready and that no run uses are kept this long, in milliseconds. */
const UNUSED_MS = 24 * 3_600_000;

const READY = 'Ready';

/** Dependencies of the controller of runs. */
export interface S2iRunDependencies {
  client: KubeClient;
  runs: Informer;
  binaries: Informer;
  now?: () => number;
}

/**
 * Deletes the binary of a run together with the run, and then those of its namespace that were
 * never used. Runs themselves are executed by the S2I operator.
 */
export function s2iRunReconciler({
  client,
  runs,
  binaries,
  now = Date.now,
}: S2iRunDependencies): Reconciler {
  const isUnused = ({ name, namespace, created, object }: Entry) =>
    object?.status?.phase !== READY &&
    created < now() - UNUSED_MS &&
    !runs.store.list('name', namespace).some(({ labels }) => labels[S2I_BINARY_LABEL] === name);

  async function deleteBinaries(namespace: string, ofRun: string): Promise<void> {
    const unused = binaries.store.list('name', namespace).filter(isUnused);

    for (const name of new Set([ofRun, ...unused.map((entry) => entry.name)])) {
      await ensureDeleted(client, { resource: S2I_BINARIES, namespace, name });
    }
  }

  return {
    name: 's2i-run',
    about: (key) => {
      const { namespace, name } = splitKey(key);
      return runs.store.get(name, namespace)?.object;
    },
    sources: [{ informer: runs, keys: ({ entry }) => [keyOf(entry)] }],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const run = runs.store.get(name, namespace)?.object;
      if (!run) {
        return undefined;
      }

      const binary = run.metadata.labels?.[S2I_BINARY_LABEL];

      if (!isTerminating(run)) {
        if (binary) {
          await withFinalizer(client, S2I_RUNS, run, S2I_BINARY_FINALIZER);
        }
      } else if (run.metadata.finalizers?.includes(S2I_BINARY_FINALIZER)) {
        if (binary) {
          await deleteBinaries(namespace, binary);
        }

        await withoutFinalizer(client, S2I_RUNS, run, S2I_BINARY_FINALIZER);
      }

      return undefined;
    },
  };
}
