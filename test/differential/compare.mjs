// Finds the differences of two transcripts, and the listed reasons for them.

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

/** Reports whether a text matches a pattern in which `*` stands for any text. */
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
 * `*`, and gives the reason; `sometimes` marks those that do not occur in every run.
 */
export class ListedDifferences {
  #used = new Set();

  constructor(entries) {
    this.entries = entries;
  }

  /** Returns the entry that explains a difference, if there is one. */
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

  /** Returns entries that explained nothing and can be deleted. */
  get unused() {
    return this.entries.filter((entry) => !entry.sometimes && !this.#used.has(entry));
  }
}
