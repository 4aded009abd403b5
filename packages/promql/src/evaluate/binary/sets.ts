import type { SetOperator, VectorMatching } from '../../syntax/expression.ts';
import { groupSeries, hasValues, type Series, unite } from '../data/series.ts';
import { presentIn, signature } from './signatures.ts';

/** Keeps, in place, the values of series at steps at which another mask is, or is not, set. */
function restrict(series: Series, mask: Uint8Array | undefined, wanted: 0 | 1): Series {
  const { present } = series;

  for (let step = 0; step < present.length; step += 1) {
    if ((mask?.[step] ?? 0) !== wanted) {
      present[step] = 0;
    }
  }

  return series;
}

/** Computes `and`, `or` or `unless`; changes the series of the operands. */
export function setOperation(
  operator: SetOperator,
  matching: VectorMatching,
  [left, right]: readonly [readonly Series[], readonly Series[]],
  steps: number,
): Series[] {
  const signatureOf = signature(matching);

  const masksOf = (series: readonly Series[]) =>
    new Map(
      [...groupSeries(series, signatureOf)].map(([key, group]) => [key, presentIn(group, steps)]),
    );

  if (operator === 'or') {
    const masks = masksOf(left);
    const others = right.map((one) => restrict(one, masks.get(signatureOf(one.labels)), 0));

    return unite([...left, ...others]);
  }

  const masks = masksOf(right);
  const wanted = operator === 'and' ? 1 : 0;

  return left
    .map((one) => restrict(one, masks.get(signatureOf(one.labels)), wanted))
    .filter(hasValues);
}
