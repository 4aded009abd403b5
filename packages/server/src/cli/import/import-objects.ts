import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  apiVersionOf,
  type GroupVersionResource,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, KubeReader } from '@ks-apiserver/client/kube/client';
import pMap from 'p-map';
import { type Change, describe } from '../../install/apply.ts';
import { isProject, SELECTED, type Selected } from './selection.ts';

/** How many objects are read at once. */
const PAGE = 500;

/** How many writes run at the same time. */
const CONCURRENCY = 16;

/** Options of an import. */
export interface ImportOptions {
  from: Pick<KubeReader, 'list'>;
  to: Pick<KubeClient, 'create'>;
  /** Writes nothing and reports what would be created. */
  dryRun: boolean;
  /** Called with the result of each object. */
  onChange: (change: Change) => void;
}

async function listed(
  from: ImportOptions['from'],
  resource: GroupVersionResource,
): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  let next: string | undefined;

  do {
    const page = await from.list<KubeObject>(resource, {
      limit: PAGE,
      ...(next && { continue: next }),
    });

    objects.push(...(page.items ?? []));
    next = page.metadata?.continue;
  } while (next);

  return objects;
}

/** Lists what the other cluster may not serve: older versions of KubeSphere lack some kinds. */
async function listedIfServed(
  from: ImportOptions['from'],
  resource: GroupVersionResource,
): Promise<KubeObject[]> {
  try {
    return await listed(from, resource);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) {
      return [];
    }

    throw error;
  }
}

/**
 * Returns an object as it is created in another cluster: without the metadata that its own cluster
 * set.
 */
export function asNew(object: KubeObject, { resource, keepsStatus }: Selected): KubeObject {
  const { name, namespace, labels, annotations: told = {}, finalizers } = object.metadata;

  // The user has another uid in this cluster: a controller would delete the binding as one of a
  // deleted user.
  const { [USER_UID_ANNOTATION]: ___, ...annotations } = told;
  const { metadata: _, status, ...rest } = object;

  // Kubernetes gives namespaces the finalizer in their spec itself.
  const { spec: __, ...withoutSpec } = rest;
  const isNamespace = resource.group === '' && resource.resource === 'namespaces';

  return {
    ...(isNamespace ? withoutSpec : rest),
    apiVersion: apiVersionOf(resource),
    metadata: {
      name: name,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      annotations,
      ...(finalizers && { finalizers }),
    },
    ...(keepsStatus && status && { status }),
  } as KubeObject;
}

/**
 * Creates the objects of KubeSphere's users in another cluster: users with their passwords, roles,
 * workspaces, projects, bindings and quotas. Existing objects are not changed. Rejects when the
 * other cluster cannot be read; failures of single objects are part of the results.
 */
export async function importObjects({ from, to, dryRun, onChange }: ImportOptions): Promise<void> {
  const projects = new Set(
    (await listed(from, { group: '', version: 'v1', resource: 'namespaces' }))
      .filter(isProject)
      .map(({ metadata }) => metadata.name),
  );

  for (const selected of SELECTED) {
    const { resource, isTheirs = () => true, ofProjects = false } = selected;

    const objects = (await listedIfServed(from, resource))
      .filter((object) => object.metadata.deletionTimestamp === undefined && isTheirs(object))
      .filter(({ metadata }) => !ofProjects || projects.has(metadata.namespace))
      .map((object) => asNew(object, selected));

    const importOne = async (object: KubeObject) => {
      onChange(
        dryRun
          ? { object: describe(resource, object), result: 'created' }
          : await create(to, resource, object),
      );
    };

    await pMap(objects, importOne, { concurrency: CONCURRENCY });
  }
}

async function create(
  to: ImportOptions['to'],
  resource: GroupVersionResource,
  object: KubeObject,
): Promise<Change> {
  const name = describe(resource, object);

  try {
    await to.create(resource, object);
    return { object: name, result: 'created' };
  } catch (thrown) {
    const error = toStatusError(thrown);
    return { object: name, result: error.reason === 'AlreadyExists' ? 'kept' : 'failed', error };
  }
}
