import type { Call, Expression } from '../syntax/expression.ts';
import { numberOperation } from './binary/arithmetic.ts';
import type { Operands } from './evaluation.ts';
import { type Frame, timeAt } from './frame.ts';

/** Returns the only element of a vector at each step; NaN where there is not exactly one. */
async function onlyElement(
  operands: Operands,
  expression: Expression,
  frame: Frame,
): Promise<Float64Array> {
  const results = new Float64Array(frame.steps).fill(Number.NaN);
  const counts = new Uint32Array(frame.steps);

  await operands.each(expression, frame, (_, { values, present }) => {
    for (let step = 0; step < frame.steps; step += 1) {
      if (present[step] === 1) {
        const count = (counts[step] ?? 0) + 1;
        counts[step] = count;
        results[step] = count === 1 ? (values[step] ?? 0) : Number.NaN;
      }
    }

    return undefined;
  });

  return results;
}

async function call(
  operands: Operands,
  { name, args: [arg] }: Call,
  frame: Frame,
): Promise<Float64Array> {
  if (name === 'scalar' && arg) {
    return onlyElement(operands, arg, frame);
  }

  const values = new Float64Array(frame.steps);

  return name === 'time'
    ? values.map((_, step) => timeAt(frame, step) / 1000)
    : values.fill(Math.PI);
}

/** Returns the numbers of an expression of type scalar. */
export async function scalars(
  operands: Operands,
  expression: Expression,
  frame: Frame,
): Promise<Float64Array> {
  switch (expression.kind) {
    case 'number':
      return new Float64Array(frame.steps).fill(expression.value);
    case 'negation':
      return (await operands.scalar(expression.operand, frame)).map((value) => -value);
    case 'binary': {
      const compute = numberOperation(expression.operator);
      const left = await operands.scalar(expression.left, frame);
      const right = await operands.scalar(expression.right, frame);

      return left.map((value, step) => compute(value, right[step] ?? 0));
    }
    case 'call':
      return call(operands, expression, frame);
    default:
      return new Float64Array(frame.steps).fill(Number.NaN);
  }
}
