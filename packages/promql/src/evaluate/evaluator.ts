import type { Aggregation, BinaryOperation, Expression } from '../syntax/expression.ts';
import { typeOf } from '../syntax/expression.ts';
import { isSetOperator } from '../syntax/operators.ts';
import { countValues } from './aggregations/count-values.ts';
import { quantileOfGroups } from './aggregations/quantile.ts';
import { rank } from './aggregations/ranking.ts';
import { Reduction } from './aggregations/reduce.ts';
import { dropsName, fillOperation } from './binary/arithmetic.ts';
import { setOperation } from './binary/sets.ts';
import { vectorOperation } from './binary/vectors.ts';
import { vectorFunction } from './calls.ts';
import { type Series, UniqueLabels, unite } from './data/series.ts';
import type { Evaluation, Operands, SeriesSink } from './evaluation.ts';
import type { Frame } from './frame.ts';
import { isInvariant } from './invariant.ts';
import { scalars } from './scalars.ts';
import { eachInstant, eachWindowed } from './select.ts';

/** Evaluates expressions at all steps of a frame at once, one column of values a series. */
export class Evaluator implements Operands {
  readonly evaluation: Evaluation;

  constructor(evaluation: Evaluation) {
    this.evaluation = evaluation;
  }

  async vector(expression: Expression, frame: Frame): Promise<Series[]> {
    if (frame.steps === 0) {
      return [];
    }

    const { budget } = this.evaluation;
    const heldBefore = budget.held;
    const series = await this.#vector(expression, frame);

    // Operands are not held any more.
    budget.hold(heldBefore, { series: series.length, steps: frame.steps });

    return series;
  }

  async scalar(expression: Expression, frame: Frame): Promise<Float64Array> {
    return scalars(this, expression, frame);
  }

  async each(expression: Expression, frame: Frame, sink: SeriesSink): Promise<void> {
    if (frame.steps === 0) {
      return;
    }

    if (!(frame.steps > 1 && isInvariant(expression))) {
      if (expression.kind === 'selector') {
        const selected = { selector: expression, part: 'value' } as const;
        await eachInstant(this.evaluation, selected, frame, sink);
        return;
      }

      if (expression.kind === 'call' && !vectorFunction(expression.name)) {
        await eachWindowed(this, expression, frame, sink);
        return;
      }
    }

    const { budget } = this.evaluation;
    const heldBefore = budget.held;

    for (const { labels, ...column } of await this.vector(expression, frame)) {
      await sink(labels, column);

      await budget.pause();
    }

    budget.hold(heldBefore);
  }

  #vector(expression: Expression, frame: Frame): Promise<Series[]> {
    if (frame.steps > 1 && isInvariant(expression)) {
      return this.#repeated(expression, frame);
    }

    switch (expression.kind) {
      case 'aggregation':
        return this.#aggregation(expression, frame);
      case 'binary':
        return this.#binary(expression, frame);
      case 'negation':
        return this.#negation(expression.operand, frame);
      case 'call': {
        const compute = vectorFunction(expression.name);
        return compute ? compute(this, expression, frame) : this.#collect(expression, frame);
      }
      default:
        return this.#collect(expression, frame);
    }
  }

  /** Evaluates an expression once, and returns its value at all steps. */
  async #repeated(expression: Expression, frame: Frame): Promise<Series[]> {
    const once = await this.vector(expression, { ...frame, steps: 1 });

    return once.map(({ labels, values: [value = 0] }) => {
      const { values, present } = this.evaluation.budget.column(frame.steps);
      return { labels, values: values.fill(value), present: present.fill(1) };
    });
  }

  async #collect(expression: Expression, frame: Frame): Promise<Series[]> {
    const series: Series[] = [];

    await this.each(expression, frame, (labels, column) => {
      const own = this.evaluation.budget.column(frame.steps);

      own.values.set(column.values);
      own.present.set(column.present);
      series.push({ labels, ...own });

      return undefined;
    });

    return series;
  }

  async #aggregation(aggregation: Aggregation, frame: Frame): Promise<Series[]> {
    const { operator, parameter, expression } = aggregation;
    const { budget } = this.evaluation;

    switch (operator) {
      case 'count_values': {
        const label = parameter?.kind === 'string' ? parameter.value : '';
        const series = await this.vector(expression, frame);
        return countValues({ series, label }, aggregation, budget);
      }
      case 'quantile': {
        const quantiles = await this.#parameter(parameter, frame);
        const series = await this.vector(expression, frame);
        return quantileOfGroups({ series, quantiles }, aggregation, budget);
      }
      case 'topk':
      case 'bottomk': {
        const counts = await this.#parameter(parameter, frame);
        const series = await this.vector(expression, frame);
        return rank(operator, { series, counts }, aggregation, budget);
      }
      default: {
        const reduction = new Reduction(operator, aggregation, { steps: frame.steps, budget });

        await this.each(expression, frame, (labels, column) => {
          reduction.add(labels, column);
          return undefined;
        });

        return reduction.finish();
      }
    }
  }

  #parameter(parameter: Expression | undefined, frame: Frame): Promise<Float64Array> {
    return this.scalar(parameter ?? { kind: 'number', value: Number.NaN }, frame);
  }

  async #negation(operand: Expression, frame: Frame): Promise<Series[]> {
    const series = await this.vector(operand, frame);
    const unique = new UniqueLabels();

    return series.map(({ labels, values, present }) => {
      unique.add(labels.nameless);
      return { labels: labels.nameless, values: values.map((value) => -value), present };
    });
  }

  async #binary(expression: BinaryOperation, frame: Frame): Promise<Series[]> {
    const { operator, bool, matching, left, right } = expression;

    if (!matching) {
      return typeOf(left) === 'scalar'
        ? this.#withScalar(expression, { vector: right, scalar: left }, frame)
        : this.#withScalar(expression, { vector: left, scalar: right }, frame);
    }

    const operands = [await this.vector(left, frame), await this.vector(right, frame)] as const;

    if (isSetOperator(operator)) {
      return setOperation(operator, matching, operands, frame.steps);
    }

    const operation = { operator, bool, matching };

    return vectorOperation(operation, operands, frame.steps, this.evaluation.budget);
  }

  async #withScalar(
    { operator, bool, left: written }: BinaryOperation,
    operands: { vector: Expression; scalar: Expression },
    frame: Frame,
  ): Promise<Series[]> {
    const values = await this.scalar(operands.scalar, frame);
    const series = await this.vector(operands.vector, frame);
    const isScalarLeft = written === operands.scalar;
    const operation = { operator, bool };

    const results: Series[] = [];

    for (const one of series) {
      const left = isScalarLeft ? { values } : one;
      const right = isScalarLeft ? one : { values };

      if (fillOperation(operation, left, right, one)) {
        results.push(one);
      }

      await this.evaluation.budget.pause();
    }

    return dropsName(operation)
      ? unite(results.map((one) => ({ ...one, labels: one.labels.nameless })))
      : results;
  }
}
