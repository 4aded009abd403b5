import { setTimeout as sleep } from 'node:timers/promises';
import { LEASES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { microTimestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

/** As client-go: a lease of 15 s, renewed within 10 s, checked every 2 s. */
const DEFAULTS = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 };

/** Longest duration that a Lease can have, in seconds. */
const FOR_EVER = 2 ** 31 - 1;

/** How often it is tried to take a lease that others write, too. */
const MAX_TRIES = 10;

/** Which Lease decides an election. */
export interface LeaseRef {
  client: KubeClient;
  namespace: string;
  name: string;
}

/** Options of an election. */
export interface LeaderOptions extends LeaseRef {
  /** Different from that of any other candidate, also of an earlier process on the same host. */
  identity: string;
  /** Starts what only the leader does; returns a function that stops it. */
  lead: () => Promise<() => Promise<void>>;
  onError: (error: unknown) => void;
  times?: typeof DEFAULTS;
}

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  renewTime?: string;
  acquireTime?: string;
  leaseTransitions?: number;
}

/**
 * Takes a lease for ever, also from another candidate: for the process of the embedded API, which
 * leads whenever there is an API.
 */
export async function leadForEver({ client, namespace, name }: LeaseRef): Promise<void> {
  const now = microTimestamp();
  const spec: LeaseSpec = {
    holderIdentity: 'embedded',
    leaseDurationSeconds: FOR_EVER,
    acquireTime: now,
    renewTime: now,
  };

  // A replica may renew it at the same time.
  for (let tries = 1; ; tries++) {
    const lease = await client.find({ resource: LEASES, namespace, name });

    try {
      await (lease
        ? client.update(LEASES, { ...lease, spec })
        : client.create(LEASES, leaseOf({ namespace, name }, spec)));

      return;
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 409) || tries === MAX_TRIES) {
        throw error;
      }
    }
  }
}

function leaseOf({ namespace, name }: Omit<LeaseRef, 'client'>, spec: LeaseSpec): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace },
    spec,
  };
}

/**
 * Makes one of several replicas the leader, by a Lease (Kubernetes "Leases"); another takes over
 * when it is no longer renewed.
 */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #times: typeof DEFAULTS;
  readonly #stop = new AbortController();
  /**
   * The record as last seen, and when it was seen to change by this process' own clock: other
   * hosts' clocks may be wrong.
   */
  #seen = { record: '', at: 0 };
  #stopLeading: (() => Promise<void>) | undefined;
  #renewed = 0;
  #running: Promise<void> | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#times = options.times ?? DEFAULTS;
  }

  get leads(): boolean {
    return this.#stopLeading !== undefined;
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const held = await this.#hold().catch((error: unknown) => {
        this.#options.onError(error);
        return (
          this.#stopLeading !== undefined && performance.now() - this.#renewed < this.#times.renewMs
        );
      });

      if (signal.aborted) {
        break;
      }

      if (held && !this.#stopLeading) {
        this.#stopLeading = await this.#options.lead();
      } else if (!held) {
        await this.#resign();
      }

      await sleep(this.#times.retryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #resign(): Promise<void> {
    const stopLeading = this.#stopLeading;
    this.#stopLeading = undefined;
    await stopLeading?.();
  }

  /**
   * Takes or renews the lease; returns false when another candidate holds it. Throws when the API
   * does not answer.
   */
  async #hold(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;

    const lease = await client.find(
      { resource: LEASES, namespace, name },
      AbortSignal.timeout(this.#times.renewMs),
    );

    const spec = (lease?.spec ?? {}) as LeaseSpec;
    const record = JSON.stringify(spec);
    if (record !== this.#seen.record) {
      this.#seen = { record, at: performance.now() };
    }

    const other =
      spec.holderIdentity !== undefined &&
      spec.holderIdentity !== '' &&
      spec.holderIdentity !== identity;

    if (other && performance.now() - this.#seen.at < (spec.leaseDurationSeconds ?? 0) * 1000) {
      return false;
    }

    const now = microTimestamp();
    const taken = spec.holderIdentity !== identity;

    const wanted: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#times.leaseMs / 1000),
      acquireTime: taken ? now : (spec.acquireTime ?? now),
      renewTime: now,
      leaseTransitions: (spec.leaseTransitions ?? 0) + (taken && lease ? 1 : 0),
    };

    try {
      const started = performance.now();

      if (lease) {
        await client.update(LEASES, { ...lease, spec: wanted });
      } else {
        await client.create(LEASES, leaseOf({ namespace, name }, wanted));
      }

      this.#renewed = started;

      return true;
    } catch (error) {
      // Another candidate was faster.
      if (error instanceof StatusError && error.code === 409) {
        return false;
      }

      throw error;
    }
  }

  /** Stops leading and releases the lease, so that another candidate need not wait for its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;

    if (!this.#stopLeading) {
      return;
    }

    await this.#resign();

    // When the API does not answer, the lease runs out by itself.
    await this.#release().catch(this.#options.onError);
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity } = this.#options;

    const lease = await client.find(
      { resource: LEASES, namespace, name },
      AbortSignal.timeout(this.#times.retryMs),
    );

    if (lease && (lease.spec as LeaseSpec | undefined)?.holderIdentity === identity) {
      await client.update(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: '' } });
    }
  }
}
