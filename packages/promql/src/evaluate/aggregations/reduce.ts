import type { Budget } from '../budget.ts';
import type { Labels } from '../data/labels.ts';
import type { Column, Series } from '../data/series.ts';
import { type Grouping, type Groups, groupsOf } from './grouping.ts';
import { addSeries, finishGroup, type Group, newGroup, type ReducingOperator } from './reducers.ts';

/** Aggregates series one by one, so that only the groups are held. */
export class Reduction {
  readonly #operator: ReducingOperator;
  readonly #steps: number;
  readonly #budget: Budget;
  readonly #grouping: Groups;
  readonly #groups = new Map<string, Group & { readonly labels: Labels }>();

  constructor(
    operator: ReducingOperator,
    grouping: Grouping,
    { steps, budget }: { steps: number; budget: Budget },
  ) {
    this.#operator = operator;
    this.#grouping = groupsOf(grouping);
    this.#steps = steps;
    this.#budget = budget;
  }

  /** Adds a series, which is not kept. */
  add(labels: Labels, column: Column): void {
    const key = this.#grouping.keyOf(labels);
    let group = this.#groups.get(key);

    if (!group) {
      group = {
        ...newGroup(this.#operator, this.#budget.column(this.#steps)),
        labels: this.#grouping.labelsOf(labels),
      };
      this.#groups.set(key, group);
    }

    addSeries(this.#operator, group, column);
  }

  /** Returns the series of the groups. */
  finish(): Series[] {
    return [...this.#groups.values()].map((group) => {
      finishGroup(this.#operator, group);
      return { labels: group.labels, values: group.values, present: group.present };
    });
  }
}
