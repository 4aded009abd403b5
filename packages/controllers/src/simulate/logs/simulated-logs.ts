import { createHash } from 'node:crypto';
import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type LogLine, linesOf, type RunningContainer } from './log-lines.ts';

/** Takes the lines of all containers, in the order of their times. */
export type TakeLines = (lines: readonly LogLine[]) => Promise<void>;

/** Distance of two collections, in milliseconds. */
const INTERVAL_MS = 5000;

/** Lines that are handed over at once. */
const MAX_LINES = 1000;

interface ContainerState {
  name: string;
  image?: string;
  state?: { running?: { startedAt?: string } };
}

/** Returns the running containers of a pod. */
function runningContainers({ metadata, status }: KubeObject): RunningContainer[] {
  const states = (status?.containerStatuses ?? []) as ContainerState[];

  return states.flatMap(({ name, image = '', state }) => {
    const started = Date.parse(state?.running?.startedAt ?? '');
    const containerId = createHash('sha256').update(`${metadata.uid}/${name}`).digest('hex');

    return Number.isNaN(started)
      ? []
      : [
          {
            namespace: metadata.namespace ?? '',
            pod: metadata.name ?? '',
            container: name,
            image,
            containerId,
            started,
          },
        ];
  });
}

/** Writes logs for simulated pods: invented requests, some of which fail or are slow. */
export class SimulatedLogs {
  readonly #pods: () => readonly KubeObject[];
  readonly #take: TakeLines;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #until = Date.now();
  #running: Promise<void> | undefined;

  /** `pods` returns the pods of simulated nodes. */
  constructor(
    pods: () => readonly KubeObject[],
    take: TakeLines,
    onError: (error: unknown) => void,
  ) {
    this.#pods = pods;
    this.#take = take;
    this.#onError = onError;
    this.#timer = setInterval(() => this.#begin(), INTERVAL_MS).unref();
  }

  /** Stops when the lines that are under way have been taken. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #begin(): void {
    this.#running ??= this.#collect()
      .catch(this.#onError)
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #collect(): Promise<void> {
    const after = this.#until;
    const until = Date.now();
    const slice = new TimeSlice();
    const lines: LogLine[] = [];

    for (const pod of this.#pods()) {
      for (const container of runningContainers(pod)) {
        lines.push(...linesOf(container, after, until));
      }

      if (slice.isOver) {
        await slice.next();
      }
    }

    lines.sort((a, b) => a.time - b.time);

    for (let at = 0; at < lines.length; at += MAX_LINES) {
      await this.#take(lines.slice(at, at + MAX_LINES));
    }

    this.#until = until;
  }
}
