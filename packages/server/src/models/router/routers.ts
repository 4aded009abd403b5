import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, SERVICES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, ObjectKey } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { requireDefinition } from '../resources/catalog/require-definition.ts';
import {
  isRouterOf,
  meshAnnotation,
  type RouterOptions,
  routerArguments,
  routerDeployment,
  routerName,
  routerService,
} from './templates.ts';

const MASTER = ['node-role.kubernetes.io/master', 'node-role.kubernetes.io/control-plane'];

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404;
}

/** The ingress controllers of projects, one each. */
export class Routers {
  readonly #client: KubeClient;
  readonly #catalog: Catalog;

  constructor(client: KubeClient, catalog: Catalog) {
    this.#client = client;
    this.#catalog = catalog;
  }

  /**
   * A router's Service; one that is no load balancer shows the address of a control-plane node.
   * Throws NotFound.
   */
  async get(project: string, signal: AbortSignal): Promise<KubeObject> {
    return this.#withAddress(await this.#service(project, signal), signal);
  }

  /**
   * Makes a router. Throws AlreadyExists, and for a project that is not there or is being deleted;
   * leaves nothing behind when only a part of it can be made.
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
      // One that went meanwhile has had its router removed before this one was there.
      await this.#requireProject(project, signal);
    } catch (error) {
      await this.remove(project);
      throw error;
    }

    return this.#withAddress(service, signal);
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

  /** Changes how a router is reached and its annotations. Throws NotFound. */
  async update(
    project: string,
    { type, annotations }: RouterOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const service = await this.#service(project, signal);
    const key = { namespace: CONTROLS_NAMESPACE, name: routerName(project) };

    const deployment = await this.#client.get<KubeObject>(
      { resource: DEPLOYMENTS, ...key },
      signal,
    );

    const template = deployment.spec?.template as {
      metadata?: { annotations?: Record<string, string> };
      spec: { containers: { args?: string[] }[] };
    };

    const [container] = template.spec.containers;
    if (container) {
      container.args = routerArguments(project, type);
    }

    template.metadata = {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, ...meshAnnotation(annotations) },
    };

    await this.#client.update(DEPLOYMENTS, deployment, { signal });

    const changed = {
      ...service,
      metadata: { ...service.metadata, annotations },
      spec: { ...service.spec, type },
    };

    return this.#client.update(SERVICES, changed, { signal });
  }

  /** Removes a router; answers its Service. Throws NotFound. */
  async delete(project: string, signal: AbortSignal): Promise<KubeObject> {
    const service = await this.#service(project, signal);
    const key = { namespace: CONTROLS_NAMESPACE, name: routerName(project) };

    await this.#deleted({ resource: DEPLOYMENTS, ...key });
    await this.#client.delete({ resource: SERVICES, ...key });

    return service;
  }

  /**
   * Removes what belongs to the router of a project that goes, if it has one: the next project of
   * its name must not get it.
   */
  async remove(project: string): Promise<void> {
    const name = routerName(project);

    for (const resource of [DEPLOYMENTS, SERVICES]) {
      const key = { resource, namespace: CONTROLS_NAMESPACE, name };
      const found = await this.#client.find(key);
      if (found && isRouterOf(project, found)) {
        await this.#deleted(key);
      }
    }

    await this.#deleted({
      resource: CONFIG_MAPS,
      namespace: CONTROLS_NAMESPACE,
      name: `${name}-nginx`,
    });
  }

  async #deleted(key: ObjectKey): Promise<void> {
    try {
      await this.#client.delete(key, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }

  async #service(project: string, signal: AbortSignal): Promise<KubeObject> {
    const name = routerName(project);

    try {
      return await this.#client.get<KubeObject>(
        { resource: SERVICES, namespace: CONTROLS_NAMESPACE, name },
        signal,
      );
    } catch (error) {
      // Kubernetes names the resource, 3.0 the kind.
      if (isNotFound(error)) {
        throw new StatusError(404, 'NotFound', `service "${name}" not found`);
      }

      throw error;
    }
  }

  async #withAddress(service: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    if (service.spec?.type === 'LoadBalancer') {
      return service;
    }

    const nodes = await this.#catalog.synced(requireDefinition(this.#catalog, 'nodes'), signal);
    const master = nodes
      .list('name')
      .findLast((node) => MASTER.some((label) => node.labels[label] !== undefined));
    const addresses = (master?.fields.addresses ?? []) as { type?: string; address?: string }[];
    const ip = addresses.find(({ type }) => type === 'InternalIP')?.address;

    return ip === undefined
      ? service
      : { ...service, status: { ...service.status, loadBalancer: { ingress: [{ ip }] } } };
  }
}
