import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueTest } from '../matching/matcher.ts';
import type { LabelSet } from '../query-api.ts';
import { parseSelector } from '../syntax/parse.ts';
import { markStale } from './data/samples.ts';
import type { SourceSeries } from './data/source.ts';
import { Engine, type EngineOptions } from './engine.ts';

/** Values of a series, one a minute from time 0; undefined where there is none. */
export type Values = readonly (number | 'stale' | undefined)[];

/** Returns as many values, each larger by the same number than the one before. */
export const steady = (count: number, slope = 1): number[] =>
  Array.from({ length: count }, (_, index) => index * slope);

function seriesOf(selector: string, values: Values): SourceSeries {
  const labels = Object.fromEntries(
    parseSelector(selector).map(({ name, value }) => [name, value]),
  );
  const found = [...values.entries()].filter(([, value]) => value !== undefined);
  const numbers = Float64Array.from(found, ([, value]) => Number(value));

  for (const [index, [, value]] of found.entries()) {
    if (value === 'stale') {
      markStale(numbers, index);
    }
  }

  return {
    labels,
    times: Float64Array.from(found, ([minute]) => minute * 60_000),
    values: numbers,
  };
}

/** Returns an engine of series that are named by selectors such as `up{job="a"}`. */
export function engineOf(
  load: Readonly<Record<string, Values>>,
  options: Partial<EngineOptions> = {},
): Engine {
  const all = Object.entries(load).map(([selector, values]) => seriesOf(selector, values));

  return new Engine(
    {
      select: (matchers) => {
        const tests = matchers.map((matcher) => ({ name: matcher.name, test: valueTest(matcher) }));
        return all.filter(({ labels }) =>
          tests.every(({ name, test: matches }) => matches(labels[name] ?? '')),
        );
      },
    },
    options,
  );
}

const labelsOf = (metric: LabelSet): string =>
  `{${Object.entries(metric)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;

/** Returns the result of an instant query as a text: `{a="b"} 1, {a="c"} 2`. */
export async function shown(engine: Engine, text: string, seconds: number): Promise<string> {
  const answer = await engine.query(text, seconds);

  switch (answer.resultType) {
    case 'vector':
      return answer.result
        .map(({ metric, value: [, value] }) => `${labelsOf(metric)} ${value}`)
        .join(', ');
    case 'matrix':
      return answer.result
        .map(({ metric, values }) => `${labelsOf(metric)} ${JSON.stringify(values)}`)
        .join(', ');
    default:
      return answer.result[1];
  }
}

/** Expressions and their results at a time in seconds. */
export type Cases = readonly (readonly [text: string, seconds: number, expected: string])[];

/** Makes a test of each case; a result that begins with `!` is an error's message. */
export function testCases(engine: Engine, cases: Cases): void {
  for (const [text, seconds, expected] of cases) {
    test(`${text} at ${seconds} is ${expected || 'empty'}`, async () => {
      if (expected.startsWith('!')) {
        await assert.rejects(engine.query(text, seconds), {
          name: 'QueryError',
          type: 'execution',
          message: expected.slice(1),
        });
      } else {
        assert.equal(await shown(engine, text, seconds), expected);
      }
    });
  }
}
