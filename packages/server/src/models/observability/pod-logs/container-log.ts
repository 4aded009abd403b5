import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { errorFrom, type KubeClient } from '@ks-apiserver/client/kube/client';
import { queryOf, resourcePath } from '@ks-apiserver/client/kube/resource-path';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';
import { Appends } from '../appends.ts';
import type { ContainerInstance } from './container-instances.ts';
import type { LogPositions } from './log-positions.ts';
import { type TimedLine, TimedLines } from './timed-lines.ts';

const PODS = { group: '', version: 'v1', resource: 'pods' };

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

/** A line on its way to the store. */
interface LineDocument extends AppendedDocument {
  readonly id: string;
  readonly time: string;
}

/** Times of which lines are counted. */
const MAX_TIMES = 1000;

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

/** Whether an answer says that there is no such log: 400 of the kubelet, 404 of the API. */
const isMissing = (error: unknown) =>
  error instanceof StatusError && (error.code === 400 || error.code === 404);

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
   * and the connection lasts, or until `signal` is aborted. Throws a StatusError for an API that refuses, other errors for one
   * that fails.
   */
  async store(signal: AbortSignal): Promise<void> {
    const { positions } = this.#dependencies;
    const { key, id, isRunning, previousId } = this.#instance;
    const { finished } = positions.get(key);

    if (previousId !== undefined && finished !== previousId && finished !== id) {
      await this.#read({ previous: true }, signal).catch((error) => {
        // The kubelet has deleted it.
        if (!isMissing(error)) {
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
    const lines = new TimedLines();
    const documents = this.#documents();
    const appends = new Appends(
      (document: LineDocument) => this.#keep(document),
      () => {},
    );

    try {
      for await (const chunk of await this.#open(reading, signal)) {
        for (const line of lines.add(chunk)) {
          await appends.add(documents(line));
        }
      }

      // The last line of a log that is followed may be cut; it is read once more.
      for (const line of isFollowed ? [] : lines.end()) {
        await appends.add(documents(line));
      }
    } finally {
      await appends.all();
    }
  }

  async #open(
    reading: Reading,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>> {
    const { client, positions } = this.#dependencies;
    const { namespace, pod, container, key } = this.#instance;
    // The position may be one of the next run already, when the status of a restart came late. The
    // log of a run that has ended is read from its beginning: what is stored is not stored again.
    const time = 'previous' in reading ? '' : positions.get(key).time;

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

  /** Returns what makes documents of a reading's lines: a line that is read again has the same id. */
  #documents(): (line: TimedLine) => LineDocument {
    const { key } = this.#instance;
    /** Lines of each of the last times: those of two streams may be a little out of order. */
    const counts = new Map<string, number>();

    return (line) => {
      const { time } = line;
      const count = counts.get(time) ?? 0;

      counts.set(time, count + 1);

      if (counts.size > MAX_TIMES) {
        const [oldest = ''] = counts.keys();
        counts.delete(oldest);
      }

      return { id: `${key}/${time}/${count}`, json: documentOf(this.#instance, line), time };
    };
  }

  /** Stores a document. Those of one reading are stored in their order. */
  async #keep({ id, json, time }: LineDocument): Promise<void> {
    const { positions, store } = this.#dependencies;

    await store([{ id, json }]);
    positions.set(this.#instance.key, { time });
  }
}
