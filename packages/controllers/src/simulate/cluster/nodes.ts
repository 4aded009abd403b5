import { setTimeout as sleep } from 'node:timers/promises';
import { NODES } from '@ks-apiserver/api/resources';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { RENEW_MS, renewNodeLease } from '../../node/node-lease.ts';
import { SIMULATED } from '../cluster.ts';

/** After how many renewals of its lease a node's status is written: every 5 minutes, as a kubelet. */
const STATUS_EVERY = 30;
const NOT_READY = 'node.kubernetes.io/not-ready';
const CAPACITY = { cpu: '8', memory: '32Gi', pods: '250', 'ephemeral-storage': '100Gi' };

function conditions() {
  const time = timestamp();
  const times = { lastHeartbeatTime: time, lastTransitionTime: time };

  const none = (type: string, what: string) => ({
    type,
    status: 'False',
    reason: `KubeletHas${what}`,
    message: 'simulated by ks-apiserver',
    ...times,
  });

  return [
    none('MemoryPressure', 'SufficientMemory'),
    none('DiskPressure', 'NoDiskPressure'),
    none('PIDPressure', 'SufficientPID'),
    {
      type: 'Ready',
      status: 'True',
      reason: 'Simulated',
      message: 'simulated by ks-apiserver: nothing runs here',
      ...times,
    },
  ];
}

/** Nodes that exist in the API only: ready, with leases that are renewed. */
export class SimulatedNodes {
  readonly #client: KubeClient;
  readonly #names: readonly string[];
  readonly #version: string;
  readonly #onError: (error: unknown) => void;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  /** `version` is the kubelet version that the nodes show. */
  constructor(
    client: KubeClient,
    count: number,
    version: string,
    onError: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#names = Array.from({ length: count }, (_, i) => `simulated-${i + 1}`);
    this.#version = version;
    this.#onError = onError;
  }

  /**
   * Registers the nodes and keeps them alive until stopped. Rejects when they cannot be registered.
   */
  async start(): Promise<this> {
    await Promise.all(this.#names.map((name, i) => this.#register(name, i)));
    this.#running = this.#run();
    return this;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let beat = 1; ; beat++) {
      await sleep(RENEW_MS, undefined, { signal, ref: false }).catch(() => {});

      if (signal.aborted) {
        return;
      }

      for (const [i, name] of this.#names.entries()) {
        await (beat % STATUS_EVERY === 0
          ? this.#register(name, i)
          : renewNodeLease(this.#client, name)
        ).catch(this.#onError);
      }
    }
  }

  async #register(name: string, index: number): Promise<void> {
    const key = { resource: NODES, name };
    const status = this.#status(name, index);

    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'node-role.kubernetes.io/worker': '',
    };

    const podCIDR = `10.${64 + index}.0.0/16`;

    const node: KubeObject = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels, annotations: { [SIMULATED]: 'true' } },
      spec: { podCIDR, podCIDRs: [podCIDR] },
      status,
    };

    await ensureCreated(this.#client, NODES, node);
    await this.#client.patch(key, 'merge', { status }, { subresource: 'status' });

    const { metadata, spec } = await this.#client.get(key);
    const taints = ((spec?.taints ?? []) as { key: string }[]).filter(
      (taint) => taint.key !== NOT_READY,
    );

    // The API taints new nodes until they are ready; no other controller removes that taint here.
    if (taints.length < (spec?.taints?.length ?? 0)) {
      const { resourceVersion } = metadata;
      await this.#client.patch(key, 'merge', { metadata: { resourceVersion }, spec: { taints } });
    }

    await renewNodeLease(this.#client, name);
  }

  #status(name: string, index: number) {
    return {
      capacity: CAPACITY,
      allocatable: CAPACITY,
      addresses: [
        { type: 'InternalIP', address: `10.63.0.${index + 1}` },
        { type: 'Hostname', address: name },
      ],
      conditions: conditions(),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        machineID: name,
        systemUUID: name,
        bootID: name,
        kernelVersion: 'simulated',
        osImage: 'simulated by ks-apiserver',
        containerRuntimeVersion: 'simulated://0',
        kubeletVersion: this.#version,
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
