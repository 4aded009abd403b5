import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import { printMatcher } from '@ks-apiserver/promql/syntax/print';

/**
 * PromQL expressions by the names of metrics, in the order in which answers list them. `$name`
 * stands for matchers that depend on the call; `$1` is PromQL's own.
 */
export type MetricTemplates = Readonly<Record<string, string>>;

/** Matchers, or a time in seconds, by the name that stands for them in templates. */
export type Selection = Readonly<Record<string, readonly Matcher[] | number>>;

function textOf(value: readonly Matcher[] | number): string {
  return typeof value === 'number'
    ? `${Math.round(value * 1000)}ms`
    : value.map(printMatcher).join(', ');
}

/** Returns the PromQL text of a template: matchers are escaped, line breaks become spaces. */
export function expressionOf(template: string, selection: Selection): string {
  return template
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\$([a-z]+)/g, (placeholder, name: string) => {
      const value = selection[name];
      return value === undefined ? placeholder : textOf(value);
    });
}
