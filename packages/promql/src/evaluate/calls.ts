import type { Call, Expression } from '../syntax/expression.ts';
import { type Labels, noLabels } from './data/labels.ts';
import { larger, smaller } from './data/numbers.ts';
import { hasValues, type Series, unite } from './data/series.ts';
import type { Operands } from './evaluation.ts';
import { type Frame, timeAt } from './frame.ts';
import { absentLabels } from './functions/absent.ts';
import { calendar } from './functions/calendar.ts';
import { type ElementFunction, elementFunctions } from './functions/elements.ts';
import { histogramQuantile } from './functions/histogram.ts';
import { labelJoin, labelReplace, type Relabel } from './functions/relabel.ts';
import { sorted } from './functions/sort.ts';
import { eachInstant, eachWindowed } from './select.ts';

/** Evaluates a function that returns an instant vector. */
type VectorFunction = (operands: Operands, call: Call, frame: Frame) => Promise<Series[]>;

const number: Expression = { kind: 'number', value: 1 };
const argument = ({ args }: Call, index: number): Expression => args[index] ?? number;

const strings = ({ args }: Call): string[] =>
  args.flatMap((arg) => (arg.kind === 'string' ? [arg.value] : []));

/** Returns a series without labels. */
function single(operands: Operands, frame: Frame, valueAt: (step: number) => number): Series[] {
  const { values, present } = operands.evaluation.budget.column(frame.steps);

  for (let step = 0; step < frame.steps; step += 1) {
    values[step] = valueAt(step);
  }

  return [{ labels: noLabels, values, present: present.fill(1) }];
}

/** Returns a copy of series without their names, changed in place at each step. */
async function mapElements(
  { evaluation: { budget } }: Operands,
  series: readonly Series[],
  change: (value: number, step: number) => number,
): Promise<Series[]> {
  for (const { values, present } of series) {
    for (let step = 0; step < values.length; step += 1) {
      if (present[step] === 1) {
        values[step] = change(values[step] ?? 0, step);
      }
    }

    await budget.pause();
  }

  return unite(series.map((one) => ({ ...one, labels: one.labels.nameless })));
}

const ofElements =
  (compute: ElementFunction): VectorFunction =>
  async (operands, call, frame) => {
    const series = await operands.vector(argument(call, 0), frame);
    const parameter = await operands.scalar(argument(call, 1), frame);

    return mapElements(operands, series, (value, step) => compute(value, parameter[step] ?? 0));
  };

/** Clamps elements; there are none at steps at which the bounds are the wrong way round. */
const clamp: VectorFunction = async (operands, call, frame) => {
  const series = await operands.vector(argument(call, 0), frame);
  const least = await operands.scalar(argument(call, 1), frame);
  const most = await operands.scalar(argument(call, 2), frame);

  for (const [step, bound] of most.entries()) {
    if (bound < (least[step] ?? 0)) {
      for (const { present } of series) {
        present[step] = 0;
      }
    }
  }

  return mapElements(operands, series, (value, step) =>
    larger(least[step] ?? 0, smaller(most[step] ?? 0, value)),
  );
};

const ofDates =
  (compute: (seconds: number) => number): VectorFunction =>
  async (operands, { args: [arg] }, frame) =>
    arg
      ? mapElements(operands, await operands.vector(arg, frame), compute)
      : single(operands, frame, (step) => compute(Math.trunc(timeAt(frame, step) / 1000)));

const relabelled =
  (relabelOf: (args: readonly string[]) => Relabel): VectorFunction =>
  async (operands, call, frame) => {
    const relabel = relabelOf(strings(call));
    const series = await operands.vector(argument(call, 0), frame);

    const relabelledSeries: Series[] = [];

    for (const one of series) {
      relabelledSeries.push({ ...one, labels: relabel(one.labels) });
      await operands.evaluation.budget.pause();
    }

    return unite(relabelledSeries);
  };

/** Returns 1 at each step at which a mask is not set. */
function absentSeries(labels: Labels, operands: Operands, present: Uint8Array): Series[] {
  const column = operands.evaluation.budget.column(present.length);

  for (const [step, isPresent] of present.entries()) {
    column.values[step] = 1;
    column.present[step] = 1 - isPresent;
  }

  return [{ labels, ...column }].filter(hasValues);
}

function addPresence(target: Uint8Array, present: Uint8Array): undefined {
  for (let step = 0; step < target.length; step += 1) {
    target[step] = (target[step] ?? 0) | (present[step] ?? 0);
  }
}

const absent: VectorFunction = async (operands, call, frame) => {
  const mask = new Uint8Array(frame.steps);
  const arg = argument(call, 0);

  await operands.each(arg, frame, (_, { present }) => addPresence(mask, present));

  return absentSeries(absentLabels(arg), operands, mask);
};

const absentOverTime: VectorFunction = async (operands, call, frame) => {
  const mask = new Uint8Array(frame.steps);
  // The names are kept because series may differ by them alone.
  const present: Call = { ...call, name: 'last_over_time' };

  await eachWindowed(operands, present, frame, (_, column) => addPresence(mask, column.present));

  return absentSeries(absentLabels(argument(call, 0)), operands, mask);
};

const timestamp: VectorFunction = async (operands, call, frame) => {
  const { evaluation } = operands;
  const selector = argument(call, 0);

  if (selector.kind !== 'selector') {
    const series = await operands.vector(selector, frame);
    return mapElements(operands, series, (_, step) => timeAt(frame, step) / 1000);
  }

  const series: Series[] = [];

  await eachInstant(evaluation, { selector, part: 'time' }, frame, (labels, column) => {
    const own = evaluation.budget.column(frame.steps);

    own.values.set(column.values);
    own.present.set(column.present);
    series.push({ labels: labels.nameless, ...own });

    return undefined;
  });

  return unite(series);
};

const quantile: VectorFunction = async (operands, call, frame) => {
  const quantiles = await operands.scalar(argument(call, 0), frame);
  const series = await operands.vector(argument(call, 1), frame);

  return histogramQuantile(quantiles, series, operands.evaluation.budget);
};

const ofVector: VectorFunction = async (operands, call, frame) => {
  const values = await operands.scalar(argument(call, 0), frame);
  return single(operands, frame, (step) => values[step] ?? 0);
};

const sort =
  (order: 'sort' | 'sort_desc'): VectorFunction =>
  async (operands, call, frame) => {
    const series = await operands.vector(argument(call, 0), frame);
    return frame.steps === 1 ? sorted(series, order) : series;
  };

/** There are no native histograms, so functions of them return nothing. */
const ofNativeHistograms: VectorFunction = () => Promise.resolve([]);

const vectorFunctions: ReadonlyMap<string, VectorFunction> = new Map<string, VectorFunction>([
  ...[...elementFunctions].map(([name, compute]) => [name, ofElements(compute)] as const),
  ...[...calendar].map(([name, compute]) => [name, ofDates(compute)] as const),
  ['absent', absent],
  ['absent_over_time', absentOverTime],
  ['clamp', clamp],
  ['histogram_count', ofNativeHistograms],
  ['histogram_fraction', ofNativeHistograms],
  ['histogram_quantile', quantile],
  ['histogram_sum', ofNativeHistograms],
  ['label_join', relabelled(labelJoin)],
  ['label_replace', relabelled(labelReplace)],
  ['sort', sort('sort')],
  ['sort_desc', sort('sort_desc')],
  ['timestamp', timestamp],
  ['vector', ofVector],
]);

/** Returns how a function is evaluated; undefined for functions of a range vector. */
export function vectorFunction(name: string): VectorFunction | undefined {
  return vectorFunctions.get(name);
}
