/** Names that are remembered: callers send the same few again and again. */
const LIMIT = 500;

/** A test of headers' names by a pattern; what it has answered about a name it remembers. */
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
