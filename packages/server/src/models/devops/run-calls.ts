import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { answerFailure } from './answer-failure.ts';
import type { CallerOfJenkins, JenkinsCalls } from './jenkins-calls.ts';
import { type PathNames, pipelinePath, runPath } from './jenkins-paths.ts';

/** Nodes whose steps are read at the same time. */
const STEPS_AT_ONCE = 8;

/** Most nodes of a run whose steps are read. */
const MAX_NODES = 5000;

/** Runs of one page, and how many runs there are. */
export interface FoundRuns {
  items: readonly unknown[] | null;
  totalItems: number;
}

function listOf(value: unknown): readonly unknown[] {
  if (value !== null && !Array.isArray(value)) {
    throw answerFailure(`a value of type ${typeof value}`, 'a list');
  }

  return value ?? [];
}

/** Returns the id of a node. Throws 500 for one that is no part of a path. */
function nodeIdOf(node: unknown): string {
  const { id } = (node ?? {}) as { id?: unknown };
  if (typeof id !== 'string' || !/^[\w-]{1,100}$/.test(id)) {
    throw answerFailure('a node without an id', 'one with an id');
  }

  return id;
}

const withQuery = (path: string, rawQuery: string) =>
  rawQuery === '' ? path : `${path}?${rawQuery}`;

/** Reads what several calls to Jenkins say of the runs of pipelines. */
export class RunCalls {
  readonly #jenkins: JenkinsCalls;

  constructor(jenkins: JenkinsCalls) {
    this.#jenkins = jenkins;
  }

  /**
   * Returns the runs that a query finds. The total is, as in 3.0, the number of runs on the first
   * page that Jenkins answers without a query.
   */
  async list(caller: CallerOfJenkins, names: PathNames, rawQuery: string): Promise<FoundRuns> {
    const path = `${pipelinePath(names)}/runs/`;
    const items = listOf(
      await this.#jenkins.json(caller, { method: 'GET', path: withQuery(path, rawQuery) }),
    );
    const all = await this.#jenkins.json(caller, { method: 'GET', path });

    return { items, totalItems: listOf(all).length };
  }

  /** Returns the nodes of a run with their steps, in the order of the nodes. */
  async nodesDetail(
    caller: CallerOfJenkins,
    names: PathNames,
    rawQuery: string,
  ): Promise<readonly unknown[]> {
    const path = `${runPath(names)}/nodes/`;
    const nodes = listOf(
      await this.#jenkins.json(caller, { method: 'GET', path: withQuery(path, rawQuery) }),
    );

    if (nodes.length > MAX_NODES) {
      throw answerFailure(`${nodes.length} nodes`, `at most ${MAX_NODES}`);
    }

    const slots = new Slots(STEPS_AT_ONCE, MAX_NODES, () => new Error('unreachable'));

    // The first failure ends the other calls.
    const ended = new AbortController();
    const signal = AbortSignal.any([caller.signal, ended.signal]);

    const detailed = nodes.map(async (node) => {
      const free = await slots.take(signal);

      try {
        const steps = `${path}${nodeIdOf(node)}/steps/`;
        const call = { method: 'GET', path: withQuery(steps, rawQuery) };

        return {
          ...(node as object),
          steps: listOf(await this.#jenkins.json({ ...caller, signal }, call)),
        };
      } finally {
        free();
      }
    });

    try {
      return await Promise.all(detailed);
    } catch (error) {
      ended.abort();
      await Promise.allSettled(detailed);
      throw error;
    }
  }
}
