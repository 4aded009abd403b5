import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { addressOf } from '../objects/node-series.ts';
import { amountOf } from '../objects/renderer.ts';

/** A container as far as its use of resources is concerned. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  /** Processors; undefined where nothing is stated. */
  readonly cpuRequest: number | undefined;
  readonly cpuLimit: number | undefined;
  /** Bytes. */
  readonly memoryRequest: number | undefined;
  readonly memoryLimit: number | undefined;
}

/** A pod as far as its use of resources is concerned. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** '' before it has a node. */
  readonly node: string;
  readonly isRunning: boolean;
  /** When it started, in milliseconds since 1970; 0 if that is not known. */
  readonly started: number;
  readonly containers: readonly ContainerFacts[];
  /** Names of the claims whose volumes it uses. */
  readonly claims: readonly string[];
}

/** A node as far as its resources are concerned. */
export interface NodeFacts {
  readonly name: string;
  /** Internal address, '' if there is none. */
  readonly address: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Container {
  name?: string;
  image?: string;
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> };
}

function containerFacts({ name = '', image = '', resources }: Container): ContainerFacts {
  return {
    name,
    image,
    cpuRequest: amountOf(resources?.requests?.cpu),
    cpuLimit: amountOf(resources?.limits?.cpu),
    memoryRequest: amountOf(resources?.requests?.memory),
    memoryLimit: amountOf(resources?.limits?.memory),
  };
}

function podFacts({ metadata, spec, status }: KubeObject): PodFacts {
  const containers: Container[] = spec?.containers ?? [];
  const volumes: { persistentVolumeClaim?: { claimName?: string } }[] = spec?.volumes ?? [];

  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    node: spec?.nodeName ?? '',
    isRunning: status?.phase === 'Running',
    started: Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '') || 0,
    containers: containers.map(containerFacts),
    claims: volumes
      .map((volume) => volume.persistentVolumeClaim?.claimName)
      .filter((name) => name !== undefined),
  };
}

function nodeFacts(node: KubeObject): NodeFacts {
  const { metadata, status } = node;

  return {
    name: metadata.name ?? '',
    address: addressOf(node),
    cpus: Math.max(1, Math.round(amountOf(status?.capacity?.cpu) ?? 1)),
    memory: amountOf(status?.capacity?.memory) ?? 0,
    annotations: metadata.annotations ?? {},
  };
}

/** The pods and nodes of the cluster, and which pods are on a node. */
export class ClusterState {
  readonly nodes = new Map<string, NodeFacts>();
  readonly #pods = new Map<string, PodFacts>();
  readonly #byNode = new Map<string, Map<string, PodFacts>>();

  setNode(key: string, node: KubeObject): void {
    this.nodes.set(key, nodeFacts(node));
  }

  setPod(key: string, pod: KubeObject): void {
    this.deletePod(key);

    const facts = podFacts(pod);
    const pods = this.#byNode.get(facts.node) ?? new Map<string, PodFacts>();

    this.#pods.set(key, facts);
    this.#byNode.set(facts.node, pods);
    pods.set(key, facts);
  }

  deletePod(key: string): void {
    const { node = '' } = this.#pods.get(key) ?? {};
    const pods = this.#byNode.get(node);

    this.#pods.delete(key);
    pods?.delete(key);

    if (pods?.size === 0) {
      this.#byNode.delete(node);
    }
  }

  /** Returns the pods of a node, in the order in which they came. */
  podsOf(node: string): Iterable<PodFacts> {
    return this.#byNode.get(node)?.values() ?? [];
  }

  /** Returns a pod by `namespace/name`. */
  pod(key: string): PodFacts | undefined {
    return this.#pods.get(key);
  }
}
