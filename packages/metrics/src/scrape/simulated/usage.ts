/** Seconds of a day. */
const DAY = 86_400;

/** A wave: share of the mean by which it goes up and down, and its period in seconds. */
interface Wave {
  readonly size: number;
  readonly period: number;
}

/** A busy day and a quiet night, and some unrest. The sizes together are less than 1. */
const WAVES: readonly Wave[] = [
  { size: 0.4, period: DAY },
  { size: 0.12, period: 2700 },
  { size: 0.08, period: 433 },
];

/** Returns a number from 0 up to, not including, 1 that a text always gives (FNV-1a). */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;

  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }

  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);

  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/**
 * Something that is used at a rate which changes smoothly with time and which is the same in every
 * run: it depends on a text and on the time alone.
 */
export class Usage {
  readonly #mean: number;
  readonly #phases: readonly number[];

  /** `text` says whose use it is, `mean` how much it is in the long run. */
  constructor(text: string, mean: number) {
    this.#mean = mean;
    // The day is the same for all, within two hours; the unrest is not.
    this.#phases = WAVES.map(({ period }, index) =>
      period === DAY ? shareOf(text) / 2 : shareOf(`${text}/${index}`) * 2 * Math.PI,
    );
  }

  /** Returns the rate at a time in Unix seconds. */
  at(time: number): number {
    let factor = 1;

    for (const [index, { size, period }] of WAVES.entries()) {
      factor += size * Math.sin((2 * Math.PI * time) / period + (this.#phases[index] ?? 0));
    }

    return this.#mean * factor;
  }

  /** Returns how much was used from one time to a later one: the integral of the rate. */
  between(start: number, end: number): number {
    return Math.max(0, this.#integral(end) - this.#integral(start));
  }

  #integral(time: number): number {
    let sum = time;

    for (const [index, { size, period }] of WAVES.entries()) {
      const angle = (2 * Math.PI * time) / period + (this.#phases[index] ?? 0);
      sum -= ((size * period) / (2 * Math.PI)) * Math.cos(angle);
    }

    return this.#mean * sum;
  }
}
