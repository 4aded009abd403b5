import { METRIC_NAME } from '../../matching/matcher.ts';
import type { LabelSet } from '../../query-api.ts';
import { quote } from '../../syntax/text/strings.ts';

/** Half of a character, which no text has alone: keys cannot be the same by chance. */
const SEPARATOR = '\ud800';

const known = new WeakMap<LabelSet, Labels>();
const onlyName: ReadonlySet<string> = new Set([METRIC_NAME]);

/** The labels of a series, sorted by name; none of them is empty. */
export class Labels {
  /** Name, value, name, value … */
  readonly #pairs: readonly string[];
  #key: string | undefined;
  #nameless: Labels | undefined;

  private constructor(pairs: readonly string[]) {
    this.#pairs = pairs;
  }

  /** Returns the labels of a set, which must not change later: they are remembered. */
  static of(set: LabelSet): Labels {
    let labels = known.get(set);

    if (!labels) {
      labels = Labels.from(Object.entries(set));
      known.set(set, labels);
    }

    return labels;
  }

  /** Returns labels of names and values in any order; each name occurs once. */
  static from(entries: Iterable<readonly [name: string, value: string]>): Labels {
    const sorted = [...entries]
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1));

    return new Labels(sorted.flat());
  }

  /** A text that only equal labels have. */
  get key(): string {
    this.#key ??= this.#pairs.join(SEPARATOR);
    return this.#key;
  }

  /** The value of a label; '' if it is missing. */
  get(name: string): string {
    const pairs = this.#pairs;

    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] === name) {
        return pairs[at + 1] ?? '';
      }
    }

    return '';
  }

  /** A text that only labels have whose values of the given labels are the same. */
  keyOf(names: readonly string[]): string {
    return names.map((name) => this.get(name)).join(SEPARATOR);
  }

  /** The labels without the metric's name. */
  get nameless(): Labels {
    this.#nameless ??= this.without(onlyName);
    return this.#nameless;
  }

  /** Returns the labels whose names are not in a set. */
  without(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => !names.has(name));
  }

  /** Returns the labels whose names are in a set. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => names.has(name));
  }

  /** Returns the labels with another value of one of them; '' removes it. */
  with(name: string, value: string): Labels {
    return Labels.from([...this.entries().filter(([other]) => other !== name), [name, value]]);
  }

  /** Orders labels by their names and values. */
  static compare(a: Labels, b: Labels): number {
    const pairs = a.#pairs;
    const others = b.#pairs;

    for (let at = 0; at < pairs.length && at < others.length; at += 1) {
      const text = pairs[at] ?? '';
      const other = others[at] ?? '';

      if (text !== other) {
        return text < other ? -1 : 1;
      }
    }

    return pairs.length - others.length;
  }

  /** Returns names and values, sorted by name. */
  entries(): [name: string, value: string][] {
    const entries: [string, string][] = [];

    for (let at = 0; at < this.#pairs.length; at += 2) {
      entries.push([this.#pairs[at] ?? '', this.#pairs[at + 1] ?? '']);
    }

    return entries;
  }

  /** Returns the labels as an object. */
  toSet(): LabelSet {
    return Object.fromEntries(this.entries());
  }

  /** Returns the labels as Prometheus' messages show them: `{a="b", c="d"}`. */
  toString(): string {
    return `{${this.entries()
      .map(([name, value]) => `${name}=${quote(value)}`)
      .join(', ')}}`;
  }

  #filter(keeps: (name: string) => boolean): Labels {
    const pairs: string[] = [];

    for (const [name, value] of this.entries()) {
      if (keeps(name)) {
        pairs.push(name, value);
      }
    }

    return pairs.length === this.#pairs.length ? this : new Labels(pairs);
  }
}

/** No labels. */
export const noLabels = Labels.from([]);
