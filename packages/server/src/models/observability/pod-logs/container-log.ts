import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { isWhole, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { errorFrom, type KubeClient } from '@ks-apiserver/client/kube/client';
import { queryOf, resourcePath } from '@ks-apiserver/client/kube/resource-path';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';
import type { ContainerInstance } from './container-instances.ts';
import type { LogPositions } from './log-positions.ts';
import { type TimedLine, TimedLines } from './timed-lines.ts';

const PODS = { group: '', version: 'v1', resource: 'pods' };

/** A followed log is asked for anew after this time, so that a dead connection is noticed. */
const FOLLOW_MS = 600_000;

/** How long reading a log to its end may take, in milliseconds. */
const READ_MS = 3_600_000;

/** Longest message of a refusal that is read, in bytes. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** Where the log of a container comes from and goes to. */
export interface ContainerLogDependencies {
  readonly client: KubeClient;
  readonly positions: LogPositions;
  /** Resolves when the documents are stored. */
  readonly store: (documents: readonly AppendedDocument[]) => Promise<void>;
}

/** Which of the container's logs is read (core/v1 PodLogOptions). */
type Reading = { readonly previous: true } | { readonly follow: boolean };

/** Gives lines ids: a line that is read again has the same one. */
class LineIds {
  readonly #key: string;
  #time = '';
  #count = 0;

  constructor(key: string) {
    this.#key = key;
  }

  next(time: string): string {
    this.#count = time === this.#time ? this.#count + 1 : 0;
    this.#time = time;

    return `${this.#key}/${time}/${this.#count}`;
  }
}

/** Returns a line as Fluent Bit's Kubernetes filter writes it. */
function documentOf(instance: ContainerInstance, { time, text }: TimedLine): string {
  const { namespace, pod, container, image, id } = instance;

  return JSON.stringify({
    log: text,
    time,
    kubernetes: {
      namespace_name: namespace,
      pod_name: pod,
      container_name: container,
      container_image: image,
      docker_id: id,
    },
  });
}

/** Whether an answer says that there is no such log, now or ever. */
const isRefusal = (error: unknown) =>
  error instanceof StatusError && error.code >= 400 && error.code < 500;

/** Stores the log of a container, from where it was stored before. */
export class ContainerLog {
  readonly #dependencies: ContainerLogDependencies;
  readonly #instance: ContainerInstance;

  constructor(dependencies: ContainerLogDependencies, instance: ContainerInstance) {
    this.#dependencies = dependencies;
    this.#instance = instance;
  }

  /**
   * Stores what the run before has left, then the log of this run, to its end or as long as it runs
   * and the connection lasts. Throws a StatusError for an API that refuses, other errors for one
   * that fails.
   */
  async store(signal: AbortSignal): Promise<void> {
    const { positions } = this.#dependencies;
    const { key, id, isRunning, previousId } = this.#instance;
    const { finished } = positions.get(key);

    if (previousId !== undefined && finished !== previousId && finished !== id) {
      await this.#read({ previous: true }, signal).catch((error) => {
        // The kubelet has deleted it.
        if (!isRefusal(error)) {
          throw error;
        }
      });

      positions.set(key, { finished: previousId });
    }

    if (finished !== id) {
      await this.#read({ follow: isRunning }, signal);

      if (!isRunning) {
        positions.set(key, { finished: id });
      }
    }
  }

  async #read(reading: Reading, signal: AbortSignal): Promise<void> {
    const isFollowed = 'follow' in reading && reading.follow;
    const deadline = new Deadline(isFollowed ? FOLLOW_MS : READ_MS, signal);
    const lines = new TimedLines();
    const ids = new LineIds(this.#instance.key);

    try {
      for await (const chunk of await this.#open(reading, deadline.signal)) {
        await this.#keep(lines.add(chunk), ids);
      }
    } catch (error) {
      const isOver = isFollowed && deadline.signal.aborted && !signal.aborted;
      if (!isOver) {
        throw error;
      }
    } finally {
      deadline.end();
    }

    // The last line of a log that is followed may be cut; it is read once more.
    if (!isFollowed) {
      await this.#keep(lines.end(), ids);
    }
  }

  async #open(
    reading: Reading,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>> {
    const { client, positions } = this.#dependencies;
    const { namespace, pod, container, key } = this.#instance;
    const { time } = positions.get(key);

    const query = queryOf({
      container,
      timestamps: true,
      ...reading,
      // Kubernetes compares whole seconds: lines of that second come again, with the same ids.
      ...(time !== '' && { sinceTime: time.replace(/\.\d+/, '') }),
    });

    const { status, body } = await client.transport.request({
      method: 'GET',
      url: `${resourcePath(PODS, namespace, pod, 'log')}${query}`,
      headers: { accept: '*/*' },
      signal,
    });

    if (status !== 200) {
      throw errorFrom(status, await readBody(body, MAX_MESSAGE_BYTES));
    }

    return isWhole(body) ? [body] : body;
  }

  async #keep(lines: readonly TimedLine[], ids: LineIds): Promise<void> {
    const last = lines.at(-1);
    if (!last) {
      return;
    }

    const { positions, store } = this.#dependencies;

    await store(
      lines.map((line) => ({ id: ids.next(line.time), json: documentOf(this.#instance, line) })),
    );

    positions.set(this.#instance.key, { time: last.time });
  }
}
