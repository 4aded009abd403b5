import type { Operation } from './history.ts';

/**
 * Most configurations that are followed at a time; more mean that too many calls overlap to be
 * checked.
 */
const MAX_CONFIGURATIONS = 200_000;

/**
 * A possible configuration: the content of the object (undefined: it does not exist), and the open
 * calls that have taken effect.
 */
interface Configuration {
  content: string | undefined;
  effective: ReadonlySet<Operation>;
}

const IMPOSSIBLE = Symbol('impossible');

/**
 * Returns the content after a call takes effect with its result, or IMPOSSIBLE if it cannot have
 * had that result.
 */
function after(
  content: string | undefined,
  call: Operation,
): string | undefined | typeof IMPOSSIBLE {
  const { kind, result, expects } = call;
  const matches = content !== undefined && (expects === undefined || content === expects);

  if (kind === 'get') {
    return content === (result === 'missing' ? undefined : call.reads) ? content : IMPOSSIBLE;
  }
  if (result === 'missing') {
    return content === undefined ? content : IMPOSSIBLE;
  }
  if (result === 'exists') {
    return content !== undefined ? content : IMPOSSIBLE;
  }
  if (result === 'conflict') {
    return content !== undefined && !matches ? content : IMPOSSIBLE;
  }
  if (kind === 'create') {
    return content === undefined ? call.writes : IMPOSSIBLE;
  }
  if (!matches) {
    return IMPOSSIBLE;
  }

  return kind === 'update' ? call.writes : undefined;
}

/** A set of distinct configurations. */
class Configurations {
  readonly #byKey = new Map<string, Configuration>();
  readonly #ids: Map<Operation, number>;

  constructor(ids: Map<Operation, number>) {
    this.#ids = ids;
  }

  /** Returns false if it was there already. */
  add(configuration: Configuration): boolean {
    const ids = [...configuration.effective]
      .map((call) => this.#ids.get(call)!)
      .sort((a, b) => a - b);
    const key = `${configuration.content}|${ids}`;
    if (this.#byKey.has(key)) {
      return false;
    }
    if (this.#byKey.size >= MAX_CONFIGURATIONS) {
      throw new Error('too many calls overlap');
    }

    this.#byKey.set(key, configuration);

    return true;
  }

  all(): Configuration[] {
    return [...this.#byKey.values()];
  }
}

/**
 * Returns the first call on one object that no order of effects explains, where each call takes
 * effect at one moment between call and return; undefined when there is an order. Calls with
 * unknown results may have had no effect. (Wing and Gong's search, done forward in time as in
 * Lowe's "Testing for linearizability", 2017: it keeps all possible configurations instead of
 * guessing one.)
 */
export function findUnexplained(calls: readonly Operation[]): Operation | undefined {
  const ids = new Map(calls.map((call, i) => [call, i]));

  const steps = calls
    .flatMap((call) => [
      { time: call.called, call, begins: true },
      { time: call.returned, call, begins: false },
    ])
    .sort((a, b) => a.time - b.time);

  const open = new Set<Operation>();
  let current: Configuration[] = [{ content: undefined, effective: new Set() }];

  for (const { call, begins } of steps) {
    if (begins) {
      open.add(call);
      continue;
    }

    const reached = new Configurations(ids);
    const waiting = [...current];

    for (const configuration of current) {
      reached.add(configuration);
    }

    for (let next = waiting.pop(); next; next = waiting.pop()) {
      // A call that has taken effect can let others wait for their own return.
      if (next.effective.has(call)) {
        continue;
      }

      for (const candidate of open) {
        if (next.effective.has(candidate)) {
          continue;
        }

        const content = after(next.content, candidate);
        if (content === IMPOSSIBLE) {
          continue;
        }

        const further = { content, effective: new Set(next.effective).add(candidate) };
        if (reached.add(further)) {
          waiting.push(further);
        }
      }
    }

    open.delete(call);

    const left = new Configurations(ids);

    for (const { content, effective } of reached.all()) {
      if (!effective.has(call) && call.result !== 'unknown') {
        continue;
      }

      const rest = new Set(effective);
      rest.delete(call);
      left.add({ content, effective: rest });
    }

    current = left.all();
    if (current.length === 0) {
      return call;
    }
  }

  return undefined;
}

/** Throws an Error that shows the calls around the first unexplained one. */
export function checkLinearizable(operations: readonly Operation[]): void {
  const byKey = new Map<string, Operation[]>();

  for (const operation of operations) {
    const calls = byKey.get(operation.key) ?? [];
    byKey.set(operation.key, calls);
    calls.push(operation);
  }

  for (const [key, calls] of byKey) {
    const unexplained = findUnexplained(calls);
    if (!unexplained) {
      continue;
    }

    const around = calls.filter(
      ({ called, returned }) =>
        returned > unexplained.called - 60 && called < unexplained.returned + 20,
    );

    const lines = around.map(
      (call) => `${call === unexplained ? '> ' : '  '}${JSON.stringify(call)}`,
    );

    throw new Error(`the calls on ${key} are not linearizable:\n${lines.join('\n')}`);
  }
}
