import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';
import { type ContainerInstance, containerInstances } from './container-instances.ts';
import { ContainerLog } from './container-log.ts';
import { DocumentBatches } from './document-batches.ts';
import type { LogPositions } from './log-positions.ts';

/** How often positions are saved, in milliseconds. */
const SAVE_MS = 5000;

/** Pauses before a log is asked for again, in milliseconds. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** How long a log is read without asking for it anew: a dead connection is noticed then, in milliseconds. */
const MAX_READ_MS = 600_000;

/** A log that lasted this long has not failed at once, in milliseconds. */
const STEADY_MS = 60_000;

/** Where logs come from and go to. */
export interface PodLogCollectorDependencies {
  readonly client: KubeClient;
  readonly pods: InformerStore;
  readonly positions: LogPositions;
  readonly append: (documents: readonly AppendedDocument[]) => Promise<void>;
  /** Logs that are read at once. */
  readonly maxStreams: number;
  readonly onWarning: (message: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Stores the logs of all pods by following them through the Kubernetes API. After a pause each goes
 * on where it stopped; lines that are stored already are not stored again.
 */
export class PodLogCollector {
  readonly #dependencies: PodLogCollectorDependencies;
  readonly #stop = new AbortController();
  readonly #batches: DocumentBatches;
  /** What is known of the containers that are there, by key. */
  readonly #instances = new Map<string, ContainerInstance>();
  readonly #reading = new Map<string, Promise<void>>();
  /** Ends the reading of a run when there is a next one. */
  readonly #restarts = new Map<string, AbortController>();
  /** Keys of containers whose logs are read when there is room. */
  readonly #waiting = new Set<string>();
  #unlisten = () => {};
  #saving: NodeJS.Timeout | undefined;
  #hasWarned = false;

  constructor(dependencies: PodLogCollectorDependencies) {
    const { append, onError } = dependencies;

    this.#dependencies = dependencies;
    // Each log listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#batches = new DocumentBatches(append, onError, this.#stop.signal);
  }

  /** Starts collecting; the store of pods is complete. */
  start(): this {
    const { pods } = this.#dependencies;

    this.#unlisten = pods.onChange(({ type, entry }) => {
      if (type === 'DELETED') {
        this.#forget(entry);
      } else {
        this.#consider(entry);
      }
    });

    for (const entry of pods.values()) {
      this.#consider(entry);
    }

    this.#saving = setInterval(() => this.#save(), SAVE_MS).unref();

    return this;
  }

  /** Stops, and saves how far the logs were stored. */
  async stop(): Promise<void> {
    this.#unlisten();
    clearInterval(this.#saving);
    this.#stop.abort();
    await Promise.all(this.#reading.values());
    await this.#save();
  }

  async #save(): Promise<void> {
    const { positions, onError } = this.#dependencies;

    positions.retain((key) => this.#instances.has(key) || this.#reading.has(key));
    await positions.save().catch(onError);
  }

  #consider({ bytes }: Entry): void {
    for (const instance of containerInstances(JSON.parse(bytes.toString()) as KubeObject)) {
      const { key, id } = instance;
      const known = this.#instances.get(key);

      this.#instances.set(key, instance);

      if (known && known.id !== id) {
        this.#restarts.get(key)?.abort();
      }

      this.#read(key);
    }
  }

  /** The log of a pod that is gone is read to its end if that has begun. */
  #forget({ bytes }: Entry): void {
    for (const { key } of containerInstances(JSON.parse(bytes.toString()) as KubeObject)) {
      this.#instances.delete(key);
      this.#waiting.delete(key);
    }
  }

  /** Reads the log of a container unless that is done, under way, or there is no room. */
  #read(key: string): void {
    const instance = this.#instances.get(key);

    if (
      !instance ||
      this.#reading.has(key) ||
      this.#stop.signal.aborted ||
      this.#dependencies.positions.get(key).finished === instance.id
    ) {
      return;
    }

    if (this.#reading.size >= this.#dependencies.maxStreams) {
      this.#wait(key);
      return;
    }

    const reading = this.#readUntilDone(key).finally(() => {
      this.#reading.delete(key);
      this.#read(key);
      this.#readNext();
    });

    this.#reading.set(key, reading);
  }

  #wait(key: string): void {
    this.#waiting.add(key);

    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const { maxStreams, onWarning } = this.#dependencies;

      onWarning(
        `more than ${maxStreams} containers have logs: those of the others wait. ` +
          'Install a collector such as Fluent Bit, or raise search.podLogs.maxStreams',
      );
    }
  }

  #readNext(): void {
    const [key] = this.#waiting;

    if (key !== undefined) {
      this.#waiting.delete(key);
      this.#read(key);
    }
  }

  /** Reads the log of a container until its run has ended or its pod is gone. */
  async #readUntilDone(key: string): Promise<void> {
    const { client, positions, onError } = this.#dependencies;
    const { signal } = this.#stop;
    const store = (documents: readonly AppendedDocument[]) => this.#batches.add(documents);
    let pauseMs = MIN_PAUSE_MS;

    for (
      let instance = this.#instances.get(key);
      instance && !signal.aborted && positions.get(key).finished !== instance.id;
      instance = this.#instances.get(key)
    ) {
      const started = Date.now();
      const restart = new AbortController();
      const deadline = new Deadline(MAX_READ_MS, signal, restart.signal);

      this.#restarts.set(key, restart);

      try {
        await new ContainerLog({ client, positions, store }, instance).store(deadline.signal);
      } catch (error) {
        if (!deadline.signal.aborted) {
          onError(error);
        }
      } finally {
        deadline.end();
        this.#restarts.delete(key);
      }

      pauseMs =
        Date.now() - started > STEADY_MS ? MIN_PAUSE_MS : Math.min(pauseMs * 2, MAX_PAUSE_MS);

      if (positions.get(key).finished !== instance.id && !restart.signal.aborted) {
        // Meanwhile the status of a container that has ended arrives.
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}
