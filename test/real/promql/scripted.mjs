// Runs one evaluation of a script in all the ways in which Prometheus runs it.
import { markStale } from '../../../packages/promql/dist/evaluate/data/samples.js';
import { Engine } from '../../../packages/promql/dist/evaluate/engine.js';
import { parseExpression } from '../../../packages/promql/dist/syntax/parse.js';
import { printExpression } from '../../../packages/promql/dist/syntax/print.js';
import { MemorySource } from './memory-source.mjs';

const SMALLEST = 2 ** -1022;
const EPSILON = 1e-6;

/** Reports whether two numbers are the same but for rounding. */
export function almostEqual(/** @type {number} */ a, /** @type {number} */ b) {
  if (Object.is(a, b) || a === b) {
    return true;
  }

  const difference = Math.abs(a - b);

  return a === 0 || b === 0 || difference < SMALLEST
    ? difference < EPSILON * SMALLEST
    : difference / (Math.abs(a) + Math.abs(b)) < EPSILON;
}

/** Returns an engine of the series that a script loaded. */
export function engineOf(/** @type {import('./script.mjs').Load[]} */ loads) {
  /** @type {Map<string, { labels: Record<string, string>, samples: [number, number | 'stale'][] }>} */
  const series = new Map();

  for (const { gap, series: described } of loads) {
    for (const { labels, values } of described) {
      const key = JSON.stringify(Object.entries(labels).sort());
      const entry = series.get(key) ?? { labels, samples: [] };

      for (const [index, value] of values.entries()) {
        if (value !== undefined) {
          entry.samples.push([index * gap, value]);
        }
      }

      series.set(key, entry);
    }
  }

  return new Engine(
    new MemorySource(
      [...series.values()].map(({ labels, samples }) => {
        const sorted = samples.sort(([a], [b]) => a - b);
        const values = Float64Array.from(sorted, ([, value]) => (value === 'stale' ? 0 : value));

        for (const [index, [, value]] of sorted.entries()) {
          if (value === 'stale') {
            markStale(values, index);
          }
        }

        return { labels, times: Float64Array.from(sorted, ([time]) => time), values };
      }),
    ),
  );
}

const timeFunctions = /^(?:day_of_|days_in_|hour|minute|month|year|predict_linear|time)/;

/** Returns an expression with `@` at all selectors; undefined where that would change its value. */
function fixed(/** @type {any} */ expression, /** @type {number} */ at) {
  let isChanged = false;

  const visit = (/** @type {any} */ node, isInFixed = false) => {
    if (!node || typeof node !== 'object') {
      return node;
    }

    if (node.kind === 'call' && timeFunctions.test(node.name)) {
      isChanged = true;
    }

    const isSubquery = node.kind === 'subquery';
    const copy = Array.isArray(node) ? [] : {};

    for (const [key, value] of Object.entries(node)) {
      /** @type {any} */ (copy)[key] = visit(value, isInFixed || isSubquery);
    }

    if ((node.kind === 'selector' || isSubquery) && !isInFixed && node.at === undefined) {
      /** @type {any} */ (copy).at = at;
    }

    return copy;
  };

  const copy = visit(expression);

  return isChanged ? undefined : copy;
}

const keyOf = (/** @type {Record<string, string>} */ labels) =>
  JSON.stringify(Object.entries(labels).sort());

/** Compares the elements of a vector with what a script expects. */
function compare(
  /** @type {{ metric: Record<string, string>, value: string }[]} */ elements,
  /** @type {import('./script.mjs').Evaluation} */ { expected, mode },
  isOrdered = mode === 'ordered',
) {
  const wanted = new Map(
    expected.map(({ labels, values }, index) => [keyOf(labels), { value: values[0], index }]),
  );

  for (const [index, { metric, value }] of elements.entries()) {
    const entry = wanted.get(keyOf(metric));

    if (!entry) {
      return `unexpected ${JSON.stringify(metric)} ${value}`;
    }

    if (isOrdered && entry.index !== index) {
      return `${JSON.stringify(metric)} is at position ${index}`;
    }

    if (!almostEqual(Number(entry.value), Number(value.replace('Inf', 'Infinity')))) {
      return `${JSON.stringify(metric)} is ${value}, not ${entry.value}`;
    }
  }

  return elements.length === wanted.size
    ? undefined
    : `${elements.length} elements, not ${wanted.size}`;
}

const toNumber = (/** @type {string} */ value) => Number(value.replace('Inf', 'Infinity'));

/** Compares the result of an instant query. */
function compareInstant(/** @type {any} */ { resultType, result }, /** @type {any} */ evaluation) {
  if (resultType === 'scalar') {
    return almostEqual(toNumber(result[1]), evaluation.number) ? undefined : `is ${result[1]}`;
  }

  return compare(
    result.map((/** @type {any} */ { metric, value }) => ({ metric, value: value[1] })),
    evaluation,
  );
}

/** Compares one step of a range query. */
function compareStep(
  /** @type {any} */ { result },
  /** @type {number} */ time,
  /** @type {any} */ evaluation,
) {
  const elements = result.flatMap((/** @type {any} */ { metric, values }) =>
    values
      .filter((/** @type {any} */ [at]) => at === time)
      .map((/** @type {any} */ [, value]) => ({ metric, value })),
  );

  if (evaluation.number !== undefined) {
    return almostEqual(toNumber(elements[0]?.value ?? ''), evaluation.number)
      ? undefined
      : `is ${elements[0]?.value} in range mode`;
  }

  const problem = compare(elements, evaluation, false);

  return problem && `${problem} in range mode`;
}

/** Times at which an expression with `@` everywhere must have the same value. */
const otherTimes = (/** @type {number} */ time) =>
  time === 0 ? [-1000, 0, 1000] : [-10 * time, 0, Math.trunc(time / 5), time, 10 * time];

/**
 * Runs an evaluation; returns what is wrong with its result.
 * @param {Engine} engine
 * @param {import('./script.mjs').Evaluation} evaluation
 */
export async function problemWith(engine, evaluation) {
  const { expression, mode, time } = evaluation;
  const parsed = parseExpression(expression);
  const withTime = fixed(parsed, time);
  const isOrdered = mode === 'ordered';

  const runs = [
    { text: expression, at: time },
    ...(withTime ? otherTimes(time).map((at) => ({ text: printExpression(withTime), at })) : []),
  ];

  for (const { text, at } of runs) {
    const seconds = at / 1000;
    const range = { start: seconds - 60, end: seconds + 60, step: 60 };

    try {
      const instant = compareInstant(await engine.query(text, seconds), evaluation);
      const ranged = isOrdered
        ? undefined
        : compareStep(await engine.queryRange(text, range), seconds, evaluation);

      if (mode === 'fail') {
        return 'did not fail';
      }

      if (instant ?? ranged) {
        return `${text} at ${seconds}: ${instant ?? ranged}`;
      }
    } catch (error) {
      if (mode !== 'fail') {
        return `${text} at ${seconds}: ${error instanceof Error ? error.message : error}`;
      }
    }
  }

  return undefined;
}
