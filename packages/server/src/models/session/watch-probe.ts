import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { SESSION_LABEL } from './session-secret.ts';

/**
 * How often the watch must be proven to work while it is used, and how long a proof counts, in
 * milliseconds.
 */
const PROBE_MS = 1500;
const PROOF_MS = 4000;

/** Probes that were not renewed for this time are deleted, in milliseconds. */
const ABANDONED_MS = 600_000;

/** How long closing waits for the API, in milliseconds. */
const CLOSE_MS = 1000;
const PROBE_TYPE = 'kubesphere.io/session-probe';
const TIME = 'session.kubesphere.io/probed-at';

/**
 * Proves that the watch of sessions works: a connection may be dead long before that is noticed. It
 * writes a Secret whose change the watch must report, and only while sessions are read.
 */
export class WatchProbe {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  readonly #name = `session-probe-${randomBytes(8).toString('hex')}`;
  #provenAt = 0;
  #askedAt = 0;
  #made = false;

  constructor(client: KubeClient, informer: Informer) {
    this.#client = client;
    this.#informer = informer;

    informer.store.onChange(({ type, entry }) => {
      if (entry.name !== this.#name) {
        return;
      }

      if (type === 'DELETED') {
        this.#made = false;
      } else {
        this.#provenAt = Math.max(this.#provenAt, probedAt(entry.object));
      }
    });
  }

  /** Whether the watch's state is reliable now; starts the next probe when it is due. */
  get proven(): boolean {
    const now = Date.now();
    if (now - this.#askedAt > PROBE_MS) {
      this.#askedAt = now;
      // A failure means only that there is no proof.
      this.#probe(now).catch(() => (this.#made = false));
    }

    return this.#informer.error === undefined && now - this.#provenAt < PROOF_MS;
  }

  async #probe(now: number): Promise<void> {
    const metadata = {
      name: this.#name,
      namespace: SYSTEM_NAMESPACE,
      labels: { [SESSION_LABEL]: 'probe' },
      annotations: { [TIME]: String(now) },
    };

    const signal = AbortSignal.timeout(PROOF_MS);

    if (this.#made) {
      await this.#client.patch(
        { resource: SECRETS, ...metadata },
        'merge',
        { metadata },
        { signal },
      );
    } else {
      await this.#client.apply(
        SECRETS,
        { apiVersion: 'v1', kind: 'Secret', metadata, type: PROBE_TYPE },
        { fieldManager: 'ks-apiserver', force: true, signal },
      );
    }

    this.#made = true;
  }

  /** Deletes the probes of replicas that are gone. */
  async sweep(): Promise<void> {
    const before = Date.now() - ABANDONED_MS;

    for (const { name, object } of [...this.#informer.store.values()]) {
      if (object?.type === PROBE_TYPE && probedAt(object) < before) {
        await this.#client
          .delete({ resource: SECRETS, namespace: SYSTEM_NAMESPACE, name })
          .catch(() => {});
      }
    }
  }

  /** Deletes the own probe, if that is quick: others sweep it else. */
  async close(): Promise<void> {
    if (!this.#made) {
      return;
    }

    const key = { resource: SECRETS, namespace: SYSTEM_NAMESPACE, name: this.#name };
    await Promise.race([
      this.#client.delete(key).catch(() => {}),
      sleep(CLOSE_MS, undefined, { ref: false }),
    ]);
  }
}

function probedAt(
  object: { metadata: { annotations?: Record<string, string> } } | undefined,
): number {
  return Number(object?.metadata.annotations?.[TIME] ?? 0);
}
