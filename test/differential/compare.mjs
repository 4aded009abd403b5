// Where two transcripts differ, and which of the differences are listed.

/**
 * @returns {{path: string, real: unknown, ours: unknown}[]} paths such as
 * `body.details.causes[0].message`, at most 40
 */
export function differences(real, ours, path = '', found = []) {
  if (found.length >= 40 || Object.is(real, ours)) {
    return found;
  }

  const bothArrays = Array.isArray(real) && Array.isArray(ours);
  const bothObjects = real && ours && typeof real === 'object' && typeof ours === 'object';

  if (bothArrays) {
    if (real.length !== ours.length) {
      found.push({ path: `${path}.length`, real: real.length, ours: ours.length });
    }

    for (let i = 0; i < Math.max(real.length, ours.length); i++) {
      differences(real[i], ours[i], `${path}[${i}]`, found);
    }
  } else if (bothObjects && !Array.isArray(real) && !Array.isArray(ours)) {
    for (const key of new Set([...Object.keys(real), ...Object.keys(ours)])) {
      differences(real[key], ours[key], path ? `${path}.${key}` : key, found);
    }
  } else {
    found.push({ path, real, ours });
  }

  return found;
}

/** Whether a text fits a pattern in which `*` stands for anything. */
function fits(pattern, text) {
  return pattern.split('*').length === 1
    ? pattern === text
    : new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
      ).test(text);
}

/**
 * The listed differences (differences.json): each names a scenario, a call and a path, all with
 * `*`, and says why; `sometimes` where luck decides.
 */
export class ListedDifferences {
  #used = new Set();

  constructor(entries) {
    this.entries = entries;
  }

  /** The entry that explains a difference, if one does. */
  explain(scenario, call, path) {
    const entry = this.entries.find(
      (one) =>
        fits(one.scenario ?? '*', scenario) &&
        fits(one.call ?? '*', call) &&
        fits(one.path ?? '*', path),
    );

    if (entry) {
      this.#used.add(entry);
    }

    return entry;
  }

  /** Entries that explained nothing: they are to be deleted. */
  get unused() {
    return this.entries.filter((entry) => !entry.sometimes && !this.#used.has(entry));
  }
}
