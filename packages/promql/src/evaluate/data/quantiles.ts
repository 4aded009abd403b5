/** Returns the result for a quantile outside of 0 to 1; undefined for others. */
export function impossibleQuantile(quantile: number): number | undefined {
  if (Number.isNaN(quantile)) {
    return Number.NaN;
  }

  if (quantile < 0) {
    return Number.NEGATIVE_INFINITY;
  }

  return quantile > 1 ? Number.POSITIVE_INFINITY : undefined;
}

/** Orders numbers with NaN first. */
function byValue(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  }

  return a - b;
}

/** Returns a quantile of values, between two of them a weighted mean. Sorts the values. */
export function quantileOf(quantile: number, values: Float64Array): number {
  const impossible = values.length === 0 ? Number.NaN : impossibleQuantile(quantile);
  if (impossible !== undefined) {
    return impossible;
  }

  // Typed arrays sort numbers by themselves, with NaN last.
  if (values.some(Number.isNaN)) {
    values.sort(byValue);
  } else {
    values.sort();
  }

  const rank = quantile * (values.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - lower;

  return (values[lower] ?? 0) * (1 - weight) + (values[upper] ?? 0) * weight;
}
