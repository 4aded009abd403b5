import { QueryError } from '../../query-api.ts';
import type { VectorMatching } from '../../syntax/expression.ts';
import type { Budget } from '../budget.ts';
import type { Labels } from '../data/labels.ts';
import type { Column } from '../data/series.ts';
import { groupSeries, type Series, unite } from '../data/series.ts';
import { dropsName, fillOperation, type Operation } from './arithmetic.ts';
import { matchedLabels, presentIn, signature } from './signatures.ts';

/** An operation between the elements of two vectors that belong together. */
export interface VectorOperation extends Operation {
  readonly matching: VectorMatching;
}

const failed = (message: string) => new QueryError('execution', message);

/** Returns the first step at which both masks are set; undefined if there is none. */
function commonStep(a: Uint8Array, b: Uint8Array): number | undefined {
  for (let step = 0; step < a.length; step += 1) {
    if (a[step] === 1 && b[step] === 1) {
      return step;
    }
  }

  return undefined;
}

/** Returns the steps at which one of two masks is set. */
const union = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  a.map((isSet, step) => isSet | (b[step] ?? 0));

/** Returns two of some series that have a value at the same step at which `needed` is set. */
function overlapping(
  series: readonly Series[],
  needed: Uint8Array,
): readonly [later: Series, earlier: Series] | undefined {
  let taken = new Uint8Array(needed.length);

  for (const later of series) {
    const wanted = later.present.map((isSet, at) => isSet & (needed[at] ?? 0));
    const step = commonStep(taken, wanted);
    const earlier =
      step === undefined ? undefined : series.find(({ present }) => present[step] === 1);

    if (earlier) {
      return [later, earlier];
    }

    taken = Uint8Array.from(union(taken, wanted));
  }

  return undefined;
}

/** Checks that each group of the "one" side has at most one element at each step. */
function checkOneSide(
  { matching }: VectorOperation,
  groups: ReadonlyMap<string, readonly Series[]>,
  many: readonly Series[],
  steps: number,
): void {
  let needed: Uint8Array | undefined;

  for (const group of groups.values()) {
    if (group.length < 2) {
      continue;
    }

    needed ??= presentIn(many, steps);

    const [later, earlier] = overlapping(group, needed) ?? [];

    if (later && earlier) {
      const side = matching.cardinality === 'one-to-many' ? 'left' : 'right';
      const labels = matchedLabels(matching)(later.labels);

      throw failed(
        `found duplicate series for the match group ${labels} on the ${side} hand-side of the ` +
          `operation: [${later.labels}, ${earlier.labels}];many-to-many matching not allowed: ` +
          'matching labels must be unique on one side',
      );
    }
  }
}

/** Returns the labels of a result, of which most are those of the "many" side. */
function resultLabels(operation: VectorOperation, many: Labels, one: Labels): Labels {
  const { cardinality, clause, labels: names, include } = operation.matching;
  let labels = dropsName({ ...operation, bool: false }) ? many.nameless : many;

  if (cardinality === 'one-to-one') {
    const set = new Set(names);
    labels = clause === 'on' ? labels.keep(set) : labels.without(set);
  }

  for (const name of include) {
    labels = labels.with(name, one.get(name));
  }

  return operation.bool ? labels.nameless : labels;
}

/** Collects results and refuses two at the same step where only one may be. */
class Results {
  readonly series: Series[] = [];
  readonly #isOneToOne: boolean;
  readonly #taken = new Map<string, Uint8Array>();

  constructor({ matching }: VectorOperation) {
    this.#isOneToOne = matching.cardinality === 'one-to-one';
  }

  /** Adds a result of the group with a signature. */
  add(group: string, series: Series): void {
    const key = this.#isOneToOne ? group : `${group}\ud801${series.labels.key}`;
    const taken = this.#taken.get(key);

    if (taken && commonStep(taken, series.present) !== undefined) {
      const reason = this.#isOneToOne
        ? 'many-to-one matching must be explicit (group_left/group_right)'
        : 'grouping labels must ensure unique matches';
      throw failed(`multiple matches for labels: ${reason}`);
    }

    this.#taken.set(key, taken ? union(taken, series.present) : series.present);
    this.series.push(series);
  }
}

/** Computes an operation between two vectors that is no set operation. */
export async function vectorOperation(
  operation: VectorOperation,
  [left, right]: readonly [readonly Series[], readonly Series[]],
  steps: number,
  budget: Budget,
): Promise<Series[]> {
  const isSwapped = operation.matching.cardinality === 'one-to-many';
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const signatureOf = signature(operation.matching);
  const groups = groupSeries(one, signatureOf);
  const results = new Results(operation);
  let spare: Column | undefined;

  checkOneSide(operation, groups, many, steps);

  for (const series of many) {
    const group = signatureOf(series.labels);

    for (const other of groups.get(group) ?? []) {
      const out: Column = spare ?? budget.column(steps);
      const sides = isSwapped ? ([other, series] as const) : ([series, other] as const);

      if (fillOperation(operation, ...sides, out)) {
        results.add(group, {
          labels: resultLabels(operation, series.labels, other.labels),
          ...out,
        });
        spare = undefined;
      } else {
        spare = out;
      }
    }

    await budget.pause();
  }

  return unite(results.series);
}
