import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Engine } from '@ks-apiserver/promql/evaluate/engine';
import type { InstantSeries, QueryResult } from '@ks-apiserver/promql/query-api';
import type { Expression } from '@ks-apiserver/promql/syntax/expression';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { bytesAsText, seriesText } from '../exposition/page-text.ts';
import { Target } from '../ingest/target.ts';
import { makeLabels, NAME_LABEL } from '../labels/labels.ts';
import { StoreSource } from '../queries/store-source.ts';
import type { MetricStore } from '../store/metric-store.ts';
import type { StoreLog } from '../store/store-options.ts';
import type { RecordingRule } from './rule.ts';

/** Longest time that one rule may take, in milliseconds. */
const TIMEOUT_MS = 20_000;

interface Prepared {
  readonly rule: RecordingRule;
  readonly expression: Expression;
  /** Keeps the series that the rule records; it ends those that are no result any more. */
  readonly target: Target;
}

/** Evaluates recording rules in order and adds their results to the store. */
export class RuleEvaluator {
  readonly #engine: Engine;
  readonly #rules: readonly Prepared[];
  readonly #log: StoreLog;
  readonly #failing = new Set<RecordingRule>();

  constructor(store: MetricStore, rules: readonly RecordingRule[], log: StoreLog) {
    this.#engine = new Engine(new StoreSource(store.reader), { timeout: TIMEOUT_MS });
    this.#log = log;
    this.#rules = rules.map((rule) => ({
      rule,
      expression: parseExpression(rule.expr),
      target: new Target(store, { labels: {} }),
    }));
  }

  /** Evaluates all rules at a time in milliseconds. A rule that fails has no result. */
  async evaluate(time: number, signal?: AbortSignal): Promise<void> {
    for (const { rule, expression, target } of this.#rules) {
      signal?.throwIfAborted();

      try {
        target.ingest(
          time,
          pageOf(rule, await this.#engine.query(expression, time / 1000, signal)),
        );
        this.#failing.delete(rule);
      } catch (error) {
        target.fail(time);
        this.#report(rule, error);
      }
    }
  }

  #report(rule: RecordingRule, error: unknown): void {
    if (!this.#failing.has(rule)) {
      this.#failing.add(rule);
      this.#log.warn(`the rule ${rule.record} could not be evaluated: ${messageOf(error)}`);
    }
  }
}

/** Returns a result as a page. */
function pageOf(rule: RecordingRule, result: QueryResult): string {
  const lines = rowsOf(result).map(({ metric, value: [, value] }) => {
    const labels = makeLabels(
      Object.entries({ ...metric, ...rule.labels, [NAME_LABEL]: rule.record }),
    );

    return `${seriesText(labels)} ${value}\n`;
  });

  return bytesAsText(lines.join(''));
}

function rowsOf(result: QueryResult): readonly InstantSeries[] {
  switch (result.resultType) {
    case 'vector':
      return result.result;
    case 'scalar':
      return [{ metric: {}, value: result.result }];
    default:
      return [];
  }
}
