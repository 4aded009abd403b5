import type { Cancellable } from '@ks-apiserver/apimachinery/concurrency/cancellable';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../resources/catalog/catalog.ts';

/** Namespaces of the platform's own Services, in the order in which they are searched. */
const SYSTEM_NAMESPACES = [
  'kubesphere-system',
  'kubesphere-logging-system',
  'kubesphere-monitoring-system',
  'openpitrix-system',
  'kube-system',
  'istio-system',
  'kubesphere-devops-system',
  'porter-system',
] as const;

/** The Service of this server, and its Deployment on the embedded API. */
export const OWN_SERVICE = { namespace: 'kubesphere-system', name: 'ks-apiserver' } as const;

/** A system component: a Service of the platform, and how many of its pods are healthy. */
export interface ComponentStatus {
  name: string;
  namespace: string;
  selfLink: string;
  label: Record<string, string>;
  /** RFC 3339. */
  startedAt: string;
  totalBackends: number;
  healthyBackends: number;
}

/** Components of the platform, and its nodes. */
export interface HealthStatus {
  kubesphereStatus: ComponentStatus[];
  nodeStatus: { totalNodes: number; healthyNodes: number };
}

/** The platform's components, from the cached Services, Pods and Nodes. */
export class Components {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Returns all components that have a selector. */
  async list(call: Cancellable): Promise<ComponentStatus[]> {
    const services = await this.#services(call);
    return SYSTEM_NAMESPACES.flatMap((namespace) =>
      services.list('name', namespace).flatMap((service) => this.#status(service) ?? []),
    );
  }

  /**
   * Returns a component, from the first namespace that has it. Throws 500, as 3.0 does, if there is
   * none or it has no selector.
   */
  async get(name: string, call: Cancellable): Promise<ComponentStatus> {
    const services = await this.#services(call);

    for (const namespace of SYSTEM_NAMESPACES) {
      const service = services.get(name, namespace);
      if (!service) {
        continue;
      }

      const status = this.#status(service);
      if (!status) {
        throw new StatusError(500, 'InternalError', `component ${name} has no selector`);
      }

      return status;
    }

    throw new StatusError(500, 'InternalError', `service "${name}" not found`);
  }

  /** Returns components and nodes; a node is healthy if its condition Ready is True. */
  async health(call: Cancellable): Promise<HealthStatus> {
    const nodes = [
      ...(await this.#catalog.synced(this.#catalog.definition('nodes'), call)).values(),
    ];

    return {
      kubesphereStatus: await this.list(call),
      nodeStatus: {
        totalNodes: nodes.length,
        healthyNodes: nodes.filter((node) => node.fields.ready === true).length,
      },
    };
  }

  async #services(call: Cancellable) {
    const [services] = await Promise.all([
      this.#catalog.synced(this.#catalog.definition('services'), call),
      this.#catalog.synced(this.#catalog.definition('pods'), call),
    ]);

    return services;
  }

  #status(service: Entry): ComponentStatus | undefined {
    const label: Record<string, string> = { ...Object(service.fields.selector) };
    const wanted = Object.entries(label);
    if (wanted.length === 0) {
      return undefined;
    }

    const pods = (this.#catalog.store('pods')?.list('name', service.namespace) ?? []).filter(
      (pod) => wanted.every(([key, value]) => pod.labels[key] === value),
    );
    const { name, namespace, created } = service;

    // This server is healthy, since it answers; on the embedded API it has no pod.
    const runsElsewhere =
      pods.length === 0 && name === OWN_SERVICE.name && namespace === OWN_SERVICE.namespace;

    return {
      name,
      namespace,
      selfLink: `/api/v1/namespaces/${namespace}/services/${name}`,
      label,
      startedAt: new Date(created).toISOString().replace('.000Z', 'Z'),
      totalBackends: runsElsewhere ? 1 : pods.length,
      healthyBackends: runsElsewhere ? 1 : pods.filter((pod) => pod.fields.ready === true).length,
    };
  }
}
