// Series whose values are a function of time, for an invented cluster.

/**
 * A series: its name, its own labels, and what its value does. Rates are growth a second.
 * @typedef {{ name: string, labels: Record<string, string>, kind: 'fixed' | 'counter' | 'gauge',
 * base: number, rate: number }} InventedSeries
 */

/** Returns a number from 0 to 1 that depends on nothing but the given ones. */
export function chance(/** @type {number[]} */ ...numbers) {
  let state = 0x9e3779b9;

  for (const number of numbers) {
    state = Math.imul(state ^ (number | 0), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  }

  return (state >>> 0) / 2 ** 32;
}

/** A series that has the same value all the time. */
export const fixed = (name, labels, value = 1) => ({
  name,
  labels,
  kind: /** @type {const} */ ('fixed'),
  base: value,
  rate: 0,
});

/** A counter of whole numbers, or of seconds when its rate is less than 100. */
export const counter = (name, labels, { base = 0, rate }) => ({
  name,
  labels,
  kind: /** @type {const} */ ('counter'),
  base,
  rate,
});

/** A value that moves around a base, at most by a tenth of it. */
export const gauge = (name, labels, base) => ({
  name,
  labels,
  kind: /** @type {const} */ ('gauge'),
  base,
  rate: 0,
});

/**
 * Returns the value of a series at a time in whole seconds. Counters grow by their rate, a little
 * unsteadily, and never get smaller.
 * @param {InventedSeries} series
 * @param {number} seconds
 * @param {number} seed tells series apart
 */
export function valueAt({ kind, base, rate }, seconds, seed) {
  if (kind === 'fixed') {
    return base;
  }

  const wobble = chance(seed, seconds) - 0.5;
  if (kind === 'gauge') {
    return Math.round(base * (1 + wobble / 5) * 1000) / 1000;
  }

  const value = base + rate * (seconds + wobble);
  return rate < 100 ? Math.round(value * 1e9) / 1e9 : Math.round(value);
}
