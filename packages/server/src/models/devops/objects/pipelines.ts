import { PIPELINES } from '@ks-apiserver/api/resources';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { WriteOptions } from '@ks-apiserver/client/kube/client';
import { missing } from '../../iam/errors.ts';
import { type Page, pageEntries } from '../../resources/list/list.ts';
import type { ListQuery } from '../../resources/query/query.ts';
import type { DevOpsObjectDependencies } from './devops-projects.ts';
import { entriesOf, type ProjectNamespaces } from './project-namespaces.ts';

const RESOURCE = 'pipelines';

/** Pipelines of DevOps projects. */
export class Pipelines {
  readonly #dependencies: DevOpsObjectDependencies;
  readonly #namespaces: ProjectNamespaces;

  constructor(dependencies: DevOpsObjectDependencies, namespaces: ProjectNamespaces) {
    this.#dependencies = dependencies;
    this.#namespaces = namespaces;
  }

  /** Returns a page of the pipelines of a project. Throws NotFound. */
  async list(project: string, query: ListQuery, signal: AbortSignal): Promise<Page> {
    const { catalog } = this.#dependencies;
    const namespace = this.#namespaces.find(project);
    const definition = catalog.definition(RESOURCE);
    const store = await catalog.synced(definition, { signal });

    return pageEntries(entriesOf(store, namespace), definition, query, catalog);
  }

  /** Returns a pipeline of a project as it is stored now. Throws NotFound. */
  async get(project: string, name: string): Promise<KubeObject> {
    const namespace = this.#namespaces.find(project);

    const found =
      namespace === undefined
        ? undefined
        : await this.#dependencies.client.find({ resource: PIPELINES, namespace, name });

    if (!found) {
      throw missing('pipeline', 'devops.kubesphere.io', name);
    }

    return found;
  }

  /** Creates a pipeline in a project. Throws BadRequest, NotFound, AlreadyExists, Forbidden. */
  create(
    caller: UserInfo,
    project: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const pipeline = typed(this.#namespaces.require(project), given);
    return this.#dependencies.writers.clientFor(caller).create(PIPELINES, pipeline, options);
  }

  /**
   * Replaces a pipeline of a project; its finalizers stay when they are left out. Throws BadRequest,
   * NotFound, Conflict, Forbidden.
   */
  async update(
    caller: UserInfo,
    project: string,
    given: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const namespace = this.#namespaces.require(project);
    const { name = '' } = given.metadata;
    const { client, writers } = this.#dependencies;
    const { finalizers } = (await client.get({ resource: PIPELINES, namespace, name })).metadata;

    const metadata = { ...(finalizers && { finalizers }), ...given.metadata };

    return writers
      .clientFor(caller)
      .update(PIPELINES, typed(namespace, { ...given, metadata }), options);
  }

  /** Deletes a pipeline of a project. Throws BadRequest, NotFound, Forbidden. */
  delete(caller: UserInfo, project: string, name: string, options: WriteOptions): Promise<void> {
    const namespace = this.#namespaces.require(project);

    return this.#dependencies.writers
      .clientFor(caller)
      .delete({ resource: PIPELINES, namespace, name }, options);
  }
}

/** Returns a pipeline with its kind and the namespace of its project, whatever it says itself. */
function typed(namespace: string, given: KubeObject): KubeObject {
  return {
    ...given,
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'Pipeline',
    metadata: { ...given.metadata, namespace },
    status: given.status ?? {},
  };
}
