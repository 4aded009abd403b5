import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { WorkloadObjects } from './workloads/workload-objects.ts';

/** Reads objects of the cluster from the copies that the server keeps, with its own identity. */
export class MeshObjects {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Returns what makes the workloads of a namespace. */
  async workloads(namespace: string, signal: AbortSignal): Promise<WorkloadObjects> {
    const list = (resource: string) => this.#list(resource, namespace, signal);
    const [pods, deployments, replicasets, replicationcontrollers, statefulsets, cronjobs, jobs] =
      await Promise.all([
        list('pods'),
        list('deployments'),
        list('replicasets'),
        list('replicationcontrollers'),
        list('statefulsets'),
        list('cronjobs'),
        list('jobs'),
      ]);

    return {
      pods,
      deployments,
      replicasets,
      replicationcontrollers,
      statefulsets,
      cronjobs,
      jobs,
    };
  }

  /** Returns the Services of a namespace. */
  services(namespace: string, signal: AbortSignal): Promise<PersistedObject[]> {
    return this.#list('services', namespace, signal);
  }

  /** Returns objects of one of Istio's kinds, of a namespace or of all; none of an unknown kind. */
  ofIstio(
    resource: 'destinationrules' | 'serviceentries' | 'virtualservices',
    signal: AbortSignal,
    namespace?: string,
  ): Promise<PersistedObject[]> {
    return this.#list(`${resource}.networking.istio.io`, namespace, signal);
  }

  async #list(
    resource: string,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<PersistedObject[]> {
    const definition = await this.#catalog.resolve(resource);
    if (!definition) {
      return [];
    }

    const store = await this.#catalog.synced(definition, { signal });

    return store
      .list('name', namespace)
      .map(({ bytes }) => JSON.parse(bytes.toString()) as PersistedObject);
  }
}
