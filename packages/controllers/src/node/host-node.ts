import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODES } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { RENEW_MS, renewNodeLease } from './node-lease.ts';

/** As a kubelet: the status every 5 minutes or when it changes. */
const STATUS_MS = 300_000;
const MEMORY_PRESSURE = 0.03;
const DISK_PRESSURE = 0.05;

const ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

/** Options of the host's node. */
export interface HostNodeOptions {
  client: KubeClient;
  /** A directory on the disk whose size is shown. */
  dataDir: string;
  /** Version that the node shows, as `kubectl get nodes` prints it. */
  version: string;
  onError: (error: unknown) => void;
}

async function firstLine(file: string): Promise<string> {
  return readFile(file, 'utf8').then(
    (text) => (text.split('\n', 1)[0] ?? '').trim(),
    () => '',
  );
}

async function osImage(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(release)?.[1] ?? `${os.type()} ${os.release()}`;
}

/** Returns the name of this host as a Node may be called (RFC 1123 subdomain). */
export function nodeName(hostname: string): string {
  const name = hostname
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');

  return name === '' ? 'localhost' : name.slice(0, 253);
}

function internalIP(): string {
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const usable = addresses.filter(({ internal, family }) => !internal && family === 'IPv4');

  return (
    usable[0]?.address ??
    addresses.find(({ internal, address }) => !internal && !address.startsWith('fe80'))?.address ??
    '127.0.0.1'
  );
}

function condition(
  type: string,
  { holds, yes, no }: { holds: boolean; yes: [string, string]; no: [string, string] },
  previous: PersistedObject | undefined,
  now: string,
) {
  const status = holds ? 'True' : 'False';
  const [reason, message] = holds ? yes : no;

  const before = (
    (previous?.status?.conditions ?? []) as {
      type: string;
      status: string;
      lastTransitionTime: string;
    }[]
  ).find((c) => c.type === type);

  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;

  return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
}

/** Returns the status of a Node for this host. */
export async function hostStatus(
  options: Pick<HostNodeOptions, 'dataDir' | 'version'>,
  previous: PersistedObject | undefined,
) {
  const disk = await statfs(options.dataDir);
  const now = timestamp();

  const capacity = {
    cpu: String(os.availableParallelism()),
    'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki`,
    memory: `${Math.floor(os.totalmem() / 1024)}Ki`,
    pods: '110',
  };

  const [machineID, bootID, image] = await Promise.all([
    firstLine('/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
    osImage(),
  ]);

  const pressure = (what: string, share: number, limit: number) => {
    const yes: [string, string] = [`HostHas${what}`, `the host has ${what}`];
    const no: [string, string] = [`HostHasNo${what}`, `the host has no ${what}`];
    return condition(what, { holds: share < limit, yes, no }, previous, now);
  };

  return {
    capacity,
    allocatable: capacity,
    addresses: [
      { type: 'InternalIP', address: internalIP() },
      { type: 'Hostname', address: os.hostname() },
    ],
    conditions: [
      pressure('MemoryPressure', os.freemem() / os.totalmem(), MEMORY_PRESSURE),
      pressure('DiskPressure', disk.bavail / disk.blocks, DISK_PRESSURE),
      condition(
        'Ready',
        {
          holds: true,
          yes: ['HostReady', 'ks-apiserver runs on this host'],
          no: ['HostStopped', ''],
        },
        previous,
        now,
      ),
    ],
    nodeInfo: {
      machineID,
      systemUUID: machineID,
      bootID,
      kernelVersion: os.release(),
      osImage: image,
      containerRuntimeVersion: 'none://0',
      kubeletVersion: options.version,
      kubeProxyVersion: '',
      operatingSystem: os.platform(),
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
    },
  };
}

/**
 * Shows the host on which the server runs as a Node of the embedded API, with a lease that is
 * renewed.
 */
export class HostNode {
  readonly #options: HostNodeOptions;
  readonly #name = nodeName(os.hostname());
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #reported: { at: number; status: unknown } | undefined;

  constructor(options: HostNodeOptions) {
    this.#options = options;
  }

  /**
   * Registers the node, then keeps its status and lease up to date until it is stopped. Rejects
   * when the node cannot be registered.
   */
  async start(): Promise<this> {
    await this.#register();
    await this.#beat();
    this.#running = this.#run();
    return this;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await sleep(RENEW_MS, undefined, { signal, ref: false }).catch(() => {});

      if (signal.aborted) {
        return;
      }

      await this.#beat().catch(this.#options.onError);
    }
  }

  async #register(): Promise<void> {
    const { client } = this.#options;
    const status = await hostStatus(this.#options, undefined);

    const labels = {
      'kubernetes.io/hostname': this.#name,
      'kubernetes.io/os': status.nodeInfo.operatingSystem,
      'kubernetes.io/arch': status.nodeInfo.architecture,
      'node-role.kubernetes.io/control-plane': '',
      'node-role.kubernetes.io/master': '',
    };

    const existing = await client.find({ resource: NODES, name: this.#name });
    if (!existing) {
      // No kubelet runs here: the taint keeps schedulers from binding pods that would never start.
      const spec = {
        taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
      };

      await client.create(NODES, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: this.#name, labels },
        spec,
        status,
      });
    } else if (!equalJson({ ...existing.metadata.labels, ...labels }, existing.metadata.labels)) {
      await client.patch({ resource: NODES, name: this.#name }, 'merge', { metadata: { labels } });
    }
  }

  async #beat(): Promise<void> {
    const { client } = this.#options;
    await renewNodeLease(client, this.#name);

    const key = { resource: NODES, name: this.#name };
    const node = await client.find(key);
    if (!node) {
      return this.#register();
    }

    await this.#clearNotReady(node);

    const status = await hostStatus(this.#options, node);

    const steady = {
      ...status,
      conditions: status.conditions.map(({ type, status }) => ({ type, status })),
    };

    const due =
      !this.#reported ||
      Date.now() - this.#reported.at > STATUS_MS ||
      !equalJson(this.#reported.status, steady);

    if (!due) {
      return;
    }

    await client.patch(key, 'merge', { status }, { subresource: 'status' });
    this.#reported = { at: Date.now(), status: steady };
  }

  /** The API taints new nodes until they are ready; no other controller removes that taint here. */
  async #clearNotReady(node: PersistedObject): Promise<void> {
    const taints = (node.spec?.taints ?? []) as { key: string }[];
    const rest = taints.filter(({ key }) => key !== 'node.kubernetes.io/not-ready');
    if (rest.length === taints.length) {
      return;
    }

    const { client } = this.#options;
    await client.patch({ resource: NODES, name: this.#name }, 'merge', {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { taints: rest },
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
