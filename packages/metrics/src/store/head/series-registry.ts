import type { LabelSet } from '@ks-apiserver/promql/query-api';
import { type Labels, labelKey, toLabelSet } from '../../labels/labels.ts';
import type { SeriesIds, SeriesIndex } from '../index/select-series.ts';

/** A label and the series that have it. */
interface Posting {
  readonly name: string;
  readonly value: string;
  readonly refs: number[];
}

const NO_SERIES: SeriesIds = [];

/** The series of the head by labels; a series' reference is its number in order of arrival. */
export class SeriesRegistry implements SeriesIndex {
  readonly #refs = new Map<string, number>();
  readonly #labels: Labels[] = [];
  readonly #postings = new Map<string, Map<string, Posting>>();
  readonly #labelSets: (LabelSet | undefined)[] = [];

  get size(): number {
    return this.#labels.length;
  }

  /** Returns the reference of a series that is known. */
  find(labels: Labels): number | undefined {
    return this.#refs.get(labelKey(labels));
  }

  /** Adds a series that is not known; returns its reference. */
  add(labels: Labels): number {
    const ref = this.#labels.length;
    const shared: string[] = [];

    for (let at = 0; at + 1 < labels.length; at += 2) {
      const posting = this.#posting(labels[at] ?? '', labels[at + 1] ?? '');

      posting.refs.push(ref);
      // All series share the texts, which would otherwise be most of the head's memory.
      shared.push(posting.name, posting.value);
    }

    this.#refs.set(labelKey(labels), ref);
    this.#labels.push(shared);
    this.#labelSets.push(undefined);

    return ref;
  }

  names(): Iterable<string> {
    return this.#postings.keys();
  }

  values(name: string): Iterable<string> {
    return this.#postings.get(name)?.keys() ?? [];
  }

  withValue(name: string, value: string): SeriesIds {
    return this.#postings.get(name)?.get(value)?.refs ?? NO_SERIES;
  }

  labels(ref: number): Labels {
    return this.#labels[ref] ?? [];
  }

  /** Returns the labels as an object, the same each time: what is computed of it can be kept. */
  labelSet(ref: number): LabelSet {
    const made = this.#labelSets[ref] ?? toLabelSet(this.labels(ref));
    this.#labelSets[ref] = made;
    return made;
  }

  #posting(name: string, value: string): Posting {
    let values = this.#postings.get(name);
    if (!values) {
      values = new Map();
      this.#postings.set(name, values);
    }

    let posting = values.get(value);
    if (!posting) {
      const [sibling] = values.values();
      posting = { name: sibling?.name ?? name, value, refs: [] };
      values.set(value, posting);
    }

    return posting;
  }
}
