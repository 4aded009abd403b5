import { type Matcher, type MatchOperator, valueTest } from '@ks-apiserver/promql/matching/matcher';
import { type Labels, labelValue } from '../../labels/labels.ts';

/** Ids of series, ascending. */
export type SeriesIds = ArrayLike<number>;

/** Series of the head or a block by their labels; ids are 0 up to, not including, `size`. */
export interface SeriesIndex {
  /** How many series there are. */
  readonly size: number;
  /** Returns the names of all labels. */
  names(): Iterable<string>;
  /** Returns the values that a label has. */
  values(name: string): Iterable<string>;
  /** Returns the ids of the series that have this value of a label. */
  withValue(name: string, value: string): SeriesIds;
  labels(id: number): Labels;
}

/** A longer list of ids is not intersected: its matcher is tested on the few candidates. */
const TEST_FACTOR = 8;

type Test = (value: string) => boolean;

/** Remembers the answers of a test. */
function remembered(test: Test): Test {
  const answers = new Map<string, boolean>();

  return (value) => {
    let answer = answers.get(value);
    if (answer === undefined) {
      answer = test(value);
      answers.set(value, answer);
    }

    return answer;
  };
}

function intersect(a: SeriesIds, b: SeriesIds): number[] {
  const both: number[] = [];
  let at = 0;

  for (let index = 0; index < a.length; index++) {
    const id = a[index] ?? 0;

    while (at < b.length && (b[at] ?? 0) < id) {
      at += 1;
    }
    if (b[at] === id) {
      both.push(id);
    }
  }

  return both;
}

/** Returns the ids of all series whose value of a label passes a test. */
function unionOf(index: SeriesIndex, name: string, test: Test): number[] {
  const ids: number[] = [];

  for (const value of index.values(name)) {
    if (test(value)) {
      const more = index.withValue(name, value);

      for (let at = 0; at < more.length; at++) {
        ids.push(more[at] ?? 0);
      }
    }
  }

  return ids.sort((a, b) => a - b);
}

/** A matcher whose regular expression was compiled. */
export interface CompiledMatcher {
  readonly name: string;
  readonly op: MatchOperator;
  readonly value: string;
  readonly test: Test;
}

/**
 * Compiles matchers for `selectSeries`.
 * @throws Error for a regular expression that is not valid
 */
export function compileMatchers(matchers: readonly Matcher[]): readonly CompiledMatcher[] {
  return matchers.map((matcher) => {
    const test = valueTest(matcher);
    return { ...matcher, test: matcher.op.endsWith('~') ? remembered(test) : test };
  });
}

function isEquality({ op, value }: CompiledMatcher): boolean {
  return op === '=' && value !== '';
}

/** Returns the ids of the series that all matchers choose. */
export function selectSeries(
  index: SeriesIndex,
  matchers: readonly CompiledMatcher[],
): readonly number[] {
  const lists = matchers
    .filter(isEquality)
    .map((matcher) => ({ matcher, ids: index.withValue(matcher.name, matcher.value) }))
    .sort((a, b) => a.ids.length - b.ids.length);
  const done = new Set<CompiledMatcher>();
  let candidates: SeriesIds | undefined;

  for (const { matcher, ids } of lists) {
    if (candidates === undefined) {
      candidates = ids;
      done.add(matcher);
    } else if (ids.length <= candidates.length * TEST_FACTOR) {
      candidates = intersect(candidates, ids);
      done.add(matcher);
    }
  }

  const first = matchers.find(({ test }) => !test(''));
  if (candidates === undefined && first) {
    candidates = unionOf(index, first.name, first.test);
    done.add(first);
  }

  const rest = matchers.filter((matcher) => !done.has(matcher));

  return keepMatching(index, candidates, rest);
}

/** Keeps the candidates, or of all series those, that the matchers choose. */
function keepMatching(
  index: SeriesIndex,
  candidates: SeriesIds | undefined,
  matchers: readonly CompiledMatcher[],
): number[] {
  const count = candidates?.length ?? index.size;
  const kept: number[] = [];

  for (let at = 0; at < count; at++) {
    const id = candidates ? (candidates[at] ?? 0) : at;
    const labels = matchers.length > 0 ? index.labels(id) : [];

    if (matchers.every(({ name, test }) => test(labelValue(labels, name)))) {
      kept.push(id);
    }
  }

  return kept;
}
