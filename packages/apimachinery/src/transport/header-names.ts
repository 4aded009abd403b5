import { memoize } from '../cache/memoize.ts';

/** How many names are remembered: callers send the same few again and again. */
const LIMIT = 500;

/** Returns a test of header names against a pattern that remembers its results. */
export function headerNames(pattern: RegExp): (name: string) => boolean {
  return memoize(LIMIT, (name) => pattern.test(name));
}
