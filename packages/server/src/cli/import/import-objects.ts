import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  apiVersionOf,
  type GroupVersionResource,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, KubeReader } from '@ks-apiserver/client/kube/client';
import { type Change, describe } from '../../install/apply.ts';
import { isProject, SELECTED, type Selected } from './selection.ts';

/** Objects that are read at once. */
const PAGE = 500;

/** Writes under way at once. */
const CONCURRENCY = 16;

/** What an import reads from, writes to, and tells. */
export interface ImportOptions {
  from: Pick<KubeReader, 'list'>;
  to: Pick<KubeClient, 'create'>;
  /** Writes nothing and tells what would be created. */
  dryRun: boolean;
  /** Hears of each object. */
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

/** A list of what the other cluster may not serve: older KubeSpheres lack some kinds. */
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

/** An object as it is made in another cluster: without what its own has given it. */
export function asNew(object: KubeObject, { resource, keepsStatus }: Selected): KubeObject {
  const { name, namespace, labels, annotations: told = {}, finalizers } = object.metadata;

  // The user has another uid there: the binding would go as one of somebody who is gone.
  const { [USER_UID_ANNOTATION]: ___, ...annotations } = told;
  const { metadata: _, status, ...rest } = object;

  // Kubernetes gives namespaces the finalizer in their spec itself.
  const { spec: __, ...withoutSpec } = rest;
  const isNamespace = resource.group === '' && resource.resource === 'namespaces';

  return {
    ...(isNamespace ? withoutSpec : rest),
    apiVersion: apiVersionOf(resource),
    metadata: {
      name: name!,
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
 * workspaces, projects, what binds and limits them. What is there already stays as it is. Rejects
 * where the other cluster cannot be read; what failed for one object is in its change.
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

    const next = objects.values();

    const work = async () => {
      for (const object of next) {
        onChange(
          dryRun
            ? { object: describe(resource, object), result: 'created' }
            : await create(to, resource, object),
        );
      }
    };

    await Promise.all(Array.from({ length: CONCURRENCY }, work));
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
