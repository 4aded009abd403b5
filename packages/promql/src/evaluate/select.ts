import { METRIC_NAME } from '../matching/matcher.ts';
import type {
  Call,
  Expression,
  RangeSelector,
  Subquery,
  VectorSelector,
} from '../syntax/expression.ts';
import { typeOf } from '../syntax/expression.ts';
import { Labels } from './data/labels.ts';
import { withoutStale } from './data/samples.ts';
import type { Column } from './data/series.ts';
import { hasValues, UniqueLabels } from './data/series.ts';
import type { Samples } from './data/source.ts';
import type { Evaluation, Operands, SamplesSink, SeriesSink } from './evaluation.ts';
import { type Frame, type References, references, subqueryFrame, timeAt } from './frame.ts';
import { rangeFunctions } from './functions/range-functions.ts';
import { fillInstants, type Part } from './instants.ts';
import { WindowRun } from './windows.ts';

/** Passes on the series of an instant vector selector. */
export async function eachInstant(
  { source, budget, signal, lookback, times }: Evaluation,
  { selector, part }: { selector: VectorSelector; part: Part },
  frame: Frame,
  sink: SeriesSink,
): Promise<void> {
  const looked = references(frame, selector, times);
  const range = { start: looked.first - lookback, end: looked.last };
  // One column is used for one series after the other.
  const scratch = budget.column(frame.steps);

  for await (const series of source.select(selector.matchers, range, signal)) {
    budget.read(series.times.length);
    scratch.present.fill(0);

    if (fillInstants(series, looked, { lookback, part }, scratch)) {
      await sink(Labels.of(series.labels), scratch);
    }

    await budget.pause();
  }
}

async function eachSelected(
  { source, budget, signal }: Evaluation,
  { selector, range }: RangeSelector,
  looked: References,
  sink: SamplesSink,
): Promise<void> {
  const times = { start: looked.first - range, end: looked.last };

  for await (const series of source.select(selector.matchers, times, signal)) {
    budget.read(series.times.length);
    await sink(Labels.of(series.labels), withoutStale(series));

    await budget.pause();
  }
}

/** Returns the values of a column as samples. */
function samplesOf({ values, present }: Column, frame: Frame): Samples {
  let count = 0;
  for (const isPresent of present) {
    count += isPresent;
  }

  const samples = { times: new Float64Array(count), values: new Float64Array(count) };
  let at = 0;

  for (let step = 0; step < frame.steps; step += 1) {
    if (present[step] === 1) {
      samples.times[at] = timeAt(frame, step);
      samples.values[at] = values[step] ?? 0;
      at += 1;
    }
  }

  return samples;
}

/** Times of a range vector: those that the steps look at. */
export function rangeReferences(
  matrix: RangeSelector | Subquery,
  frame: Frame,
  { times }: Evaluation,
): References {
  return references(frame, matrix.kind === 'range' ? matrix.selector : matrix, times);
}

/** Passes on the samples of a range vector, in the ranges of all steps at least. */
export async function eachRange(
  operands: Operands,
  matrix: RangeSelector | Subquery,
  frame: Frame,
  sink: SamplesSink,
): Promise<void> {
  const { evaluation } = operands;
  const looked = rangeReferences(matrix, frame, evaluation);

  if (matrix.kind === 'range') {
    await eachSelected(evaluation, matrix, looked, sink);
    return;
  }

  const inner = subqueryFrame(matrix, looked, matrix.step ?? evaluation.subqueryStep);
  const { budget } = evaluation;

  // Refuses more steps than any array may have.
  budget.hold(budget.held, { series: 1, steps: inner.steps });

  await operands.each(matrix.expression, inner, (labels, column) =>
    sink(labels, samplesOf(column, inner)),
  );
}

const isMatrix = (expression: Expression): expression is RangeSelector | Subquery =>
  expression.kind === 'range' || expression.kind === 'subquery';

/** Reports whether series can have the same labels when their metric's name is dropped. */
function mayCollide(matrix: RangeSelector | Subquery): boolean {
  return !(
    matrix.kind === 'range' &&
    matrix.selector.matchers.some(({ name, op }) => name === METRIC_NAME && op === '=')
  );
}

async function finish(run: WindowRun, { budget }: Evaluation): Promise<void> {
  while (!run.advance()) {
    await budget.pause();
  }
}

/** Passes on the series that a function makes of a range vector; does nothing for other functions. */
export async function eachWindowed(
  operands: Operands,
  { name, args }: Call,
  frame: Frame,
  sink: SeriesSink,
): Promise<void> {
  const compute = rangeFunctions.get(name);
  const matrix = args.find(isMatrix);

  if (!compute || !matrix) {
    return;
  }

  const { evaluation } = operands;
  const parameters: Float64Array[] = [];

  for (const arg of args.filter((one) => typeOf(one) === 'scalar')) {
    parameters.push(await operands.scalar(arg, frame));
  }

  const call = {
    function: compute,
    parameters,
    frame,
    references: rangeReferences(matrix, frame, evaluation),
    range: matrix.range,
  };

  const keepsName = name === 'last_over_time';
  const unique = mayCollide(matrix) ? new UniqueLabels() : undefined;
  const scratch = evaluation.budget.column(frame.steps);

  const passOn = (labels: Labels) => {
    if (!hasValues(scratch)) {
      return undefined;
    }

    const kept = keepsName ? labels : labels.nameless;
    unique?.add(kept);

    return sink(kept, scratch);
  };

  await eachRange(operands, matrix, frame, (labels, samples) => {
    const run = new WindowRun(call, samples, scratch);
    scratch.present.fill(0);

    return run.advance() ? passOn(labels) : finish(run, evaluation).then(() => passOn(labels));
  });
}
