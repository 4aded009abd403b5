import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { DEVOPS_PROJECTS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { KubeReader, WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriters } from '../../authorization/caller-writer.ts';
import { missing } from '../../iam/errors.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { type Page, pageEntries } from '../../resources/list/list.ts';
import type { ListQuery } from '../../resources/query/query.ts';

const RESOURCE = 'devopsprojects';
const GROUP = 'devops.kubesphere.io';

/** What projects are read and written by. */
export interface DevOpsObjectDependencies {
  catalog: Catalog;
  client: KubeReader;
  writers: CallerWriters;
}

/** DevOps projects of workspaces. */
export class DevOpsProjects {
  readonly #dependencies: DevOpsObjectDependencies;
  /** Creations in progress, by workspace and name: two of one name would not see each other. */
  readonly #creating = new Map<string, Promise<unknown>>();

  constructor(dependencies: DevOpsObjectDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns a page of the projects of a workspace. */
  async list(workspace: string, query: ListQuery): Promise<Page> {
    const { catalog } = this.#dependencies;
    const entries = [...catalog.informerOf(RESOURCE).store.values()].filter(
      ({ labels }) => labels[WORKSPACE_LABEL] === workspace,
    );

    return pageEntries(entries, catalog.definition(RESOURCE), query, catalog);
  }

  /** Returns a project of a workspace. Throws NotFound, also for one of another workspace. */
  get(workspace: string, name: string): Entry {
    const entry = this.#dependencies.catalog.informerOf(RESOURCE).store.get(name);
    if (entry?.labels[WORKSPACE_LABEL] !== workspace) {
      throw missing('devopsproject', GROUP, name);
    }

    return entry;
  }

  /**
   * Creates a project of which only the beginning of the name is given, and that no other project
   * of the workspace has. Throws BadRequest, Conflict, Forbidden.
   */
  async create(
    caller: UserInfo,
    workspace: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const { generateName = '' } = given.metadata ?? {};
    if (generateName === '') {
      throw new StatusError(
        400,
        'Invalid',
        'DevOpsProject.devops.kubesphere.io "" is invalid: metadata.generateName: Required value: generateName is required',
      );
    }

    return this.#inTurn(`${workspace}/${generateName}`, async () => {
      await this.#checkUnused(workspace, generateName);

      const { name: _name, namespace: _namespace, ...metadata } = given.metadata;
      // The creator of a project becomes its admin.
      const annotations = { [CREATOR_ANNOTATION]: caller.name, ...metadata.annotations };
      const project = typed(workspace, { ...given, metadata: { ...metadata, annotations } });

      return this.#dependencies.writers.clientFor(caller).create(DEVOPS_PROJECTS, project, options);
    });
  }

  /**
   * Replaces a project of a workspace. What controllers keep in it stays when it is left out.
   * Throws BadRequest, NotFound, Conflict, Forbidden.
   */
  async update(
    caller: UserInfo,
    workspace: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const stored = await this.#stored(workspace, given.metadata.name ?? '');
    const { finalizers, ownerReferences } = stored.metadata;

    const metadata = {
      ...(finalizers && { finalizers }),
      ...(ownerReferences && { ownerReferences }),
      ...given.metadata,
    };

    const project = typed(workspace, { status: stored.status, ...given, metadata });

    return this.#dependencies.writers.clientFor(caller).update(DEVOPS_PROJECTS, project, options);
  }

  /** Deletes a project of a workspace. Throws NotFound, Forbidden. */
  async delete(
    caller: UserInfo,
    workspace: string,
    name: string,
    options: WriteOptions,
  ): Promise<void> {
    await this.#stored(workspace, name);
    await this.#dependencies.writers
      .clientFor(caller)
      .delete({ resource: DEVOPS_PROJECTS, name }, options);
  }

  /** Returns the project as it is stored now. Throws NotFound in the words of the Kubernetes API. */
  async #stored(workspace: string, name: string): Promise<KubeObject> {
    const stored = await this.#dependencies.client.find({ resource: DEVOPS_PROJECTS, name });
    if (stored?.metadata.labels?.[WORKSPACE_LABEL] !== workspace) {
      throw missing(RESOURCE, GROUP, name);
    }

    return stored;
  }

  async #checkUnused(workspace: string, generateName: string): Promise<void> {
    const { items } = await this.#dependencies.client.list(DEVOPS_PROJECTS, {
      labelSelector: `${WORKSPACE_LABEL}=${workspace}`,
    });

    if (items.some(({ metadata }) => metadata.generateName === generateName)) {
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on devopsproject.devops.kubesphere.io "${generateName}": a DevOps project of this name exists already in the workspace "${workspace}": choose another metadata.generateName`,
      );
    }
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#creating.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#creating.set(key, turn);

    try {
      return await turn;
    } finally {
      if (this.#creating.get(key) === turn) {
        this.#creating.delete(key);
      }
    }
  }
}

/** Returns a project with its kind and the label of its workspace. */
function typed(workspace: string, given: KubeObject): KubeObject {
  const { metadata } = given;

  return {
    ...given,
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
    metadata: { ...metadata, labels: { ...metadata.labels, [WORKSPACE_LABEL]: workspace } },
    spec: given.spec ?? {},
    status: given.status ?? {},
  };
}
