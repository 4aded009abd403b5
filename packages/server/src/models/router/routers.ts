import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, SERVICES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, ObjectKey } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../resources/catalog/catalog.ts';
import {
  isRouterOf,
  meshAnnotation,
  type RouterOptions,
  routerArguments,
  routerDeployment,
  routerName,
  routerService,
} from './templates.ts';

/** The fields of a Deployment's spec that a router changes. */
interface DeploymentSpec {
  template: {
    metadata?: { annotations?: Record<string, string> };
    spec: { containers: { args?: string[] }[] };
  };
}

/** An address in the status of a Node. */
interface NodeAddress {
  type?: string;
  address?: string;
}

const MASTER = ['node-role.kubernetes.io/master', 'node-role.kubernetes.io/control-plane'];

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404;
}

/** The ingress controllers of projects, at most one each. */
export class Routers {
  readonly #client: KubeClient;
  readonly #catalog: Catalog;

  constructor(client: KubeClient, catalog: Catalog) {
    this.#client = client;
    this.#catalog = catalog;
  }

  /**
   * Returns a router's Service; one that is no load balancer shows the address of a control-plane
   * node. Throws NotFound.
   */
  async get(project: string, signal: AbortSignal): Promise<KubeObject> {
    return this.#addNodeAddress(await this.#requireService(project, signal), signal);
  }

  /**
   * Creates a router. Throws AlreadyExists, and errors for a project that does not exist or is
   * being deleted; leaves nothing behind if it cannot be created completely.
   */
  async create(project: string, options: RouterOptions, signal: AbortSignal): Promise<KubeObject> {
    await this.#requireProject(project, signal);

    const service = await this.#client.create(SERVICES, routerService(project, options), {
      signal,
    });

    try {
      await this.#client.create(DEPLOYMENTS, routerDeployment(project, options), { signal });
    } catch (error) {
      await this.#client.delete({
        resource: SERVICES,
        namespace: CONTROLS_NAMESPACE,
        name: routerName(project),
      });

      throw error;
    }

    try {
      // The router of a project that was deleted meanwhile would not be removed.
      await this.#requireProject(project, signal);
    } catch (error) {
      await this.remove(project);
      throw error;
    }

    return this.#addNodeAddress(service, signal);
  }

  async #requireProject(project: string, signal: AbortSignal): Promise<void> {
    const { metadata } = await this.#client.get<KubeObject>(
      { resource: NAMESPACES, name: project },
      signal,
    );

    if (metadata.deletionTimestamp !== undefined) {
      throw new StatusError(409, 'Conflict', `namespace "${project}" is being deleted`);
    }
  }

  /** Changes the type and annotations of a router. Throws NotFound. */
  async update(
    project: string,
    { type, annotations }: RouterOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const service = await this.#requireService(project, signal);
    const key = { namespace: CONTROLS_NAMESPACE, name: routerName(project) };

    const deployment = await this.#client.get<KubeObject<DeploymentSpec>>(
      { resource: DEPLOYMENTS, ...key },
      signal,
    );

    const template = deployment.spec?.template;
    const container = template?.spec.containers[0];
    if (container) {
      container.args = routerArguments(project, type);
    }
    if (template) {
      template.metadata = {
        ...template.metadata,
        annotations: { ...template.metadata?.annotations, ...meshAnnotation(annotations) },
      };
    }

    await this.#client.update(DEPLOYMENTS, deployment, { signal });

    const changed = {
      ...service,
      metadata: { ...service.metadata, annotations },
      spec: { ...service.spec, type },
    };

    return this.#client.update(SERVICES, changed, { signal });
  }

  /** Deletes a router and returns its Service. Throws NotFound. */
  async delete(project: string, signal: AbortSignal): Promise<KubeObject> {
    const service = await this.#requireService(project, signal);
    const key = { namespace: CONTROLS_NAMESPACE, name: routerName(project) };

    await this.#ensureDeleted({ resource: DEPLOYMENTS, ...key });
    await this.#client.delete({ resource: SERVICES, ...key });

    return service;
  }

  /**
   * Removes all objects of a deleted project's router, if it has one, so that a new project of the
   * same name does not get it.
   */
  async remove(project: string): Promise<void> {
    const name = routerName(project);

    for (const resource of [DEPLOYMENTS, SERVICES]) {
      const key = { resource, namespace: CONTROLS_NAMESPACE, name };
      const found = await this.#client.find(key);
      if (found && isRouterOf(project, found)) {
        await this.#ensureDeleted(key);
      }
    }

    await this.#ensureDeleted({
      resource: CONFIG_MAPS,
      namespace: CONTROLS_NAMESPACE,
      name: `${name}-nginx`,
    });
  }

  async #ensureDeleted(key: ObjectKey): Promise<void> {
    try {
      await this.#client.delete(key, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }

  async #requireService(project: string, signal: AbortSignal): Promise<KubeObject> {
    const name = routerName(project);

    try {
      return await this.#client.get<KubeObject>(
        { resource: SERVICES, namespace: CONTROLS_NAMESPACE, name },
        signal,
      );
    } catch (error) {
      // Kubernetes' message names the resource, 3.0's the kind.
      if (isNotFound(error)) {
        throw new StatusError(404, 'NotFound', `service "${name}" not found`);
      }

      throw error;
    }
  }

  async #addNodeAddress(service: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    if (service.spec?.type === 'LoadBalancer') {
      return service;
    }

    const nodes = await this.#catalog.synced(this.#catalog.definition('nodes'), { signal });
    const master = nodes
      .list('name')
      .findLast((node) => MASTER.some((label) => node.labels[label] !== undefined));
    const addresses = master?.fields.addresses;
    const internal: NodeAddress | undefined = Array.isArray(addresses)
      ? addresses.find(({ type }: NodeAddress) => type === 'InternalIP')
      : undefined;
    const ip = internal?.address;

    return ip === undefined
      ? service
      : { ...service, status: { ...service.status, loadBalancer: { ingress: [{ ip }] } } };
  }
}
