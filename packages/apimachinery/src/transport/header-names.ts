/** How many names are remembered: callers send the same few again and again. */
const LIMIT = 500;

/** Returns a test of header names against a pattern that remembers its results. */
export function headerNames(pattern: RegExp): (name: string) => boolean {
  const known = new Map<string, boolean>();

  return (name) => {
    let matches = known.get(name);
    if (matches === undefined) {
      matches = pattern.test(name);

      if (known.size >= LIMIT) {
        known.clear();
      }

      known.set(name, matches);
    }

    return matches;
  };
}
