/** The four types of PromQL; a matrix is a range vector. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

/** The types that a function takes and returns. */
export interface Signature {
  readonly args: readonly ValueType[];
  /** How often the last argument may occur more or less than once: at least 0, at most this. */
  readonly variadic: number;
  readonly returns: ValueType;
}

type Names = readonly string[];

const ofVector: Names = [
  ...['abs', 'absent', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'ceil', 'cos', 'cosh'],
  ...['deg', 'exp', 'floor', 'histogram_count', 'histogram_sum', 'ln', 'log10', 'log2', 'rad'],
  ...['sgn', 'sin', 'sinh', 'sort', 'sort_desc', 'sqrt', 'tan', 'tanh', 'timestamp'],
];

const ofMatrix: Names = [
  ...['absent_over_time', 'avg_over_time', 'changes', 'count_over_time', 'delta', 'deriv'],
  ...['idelta', 'increase', 'irate', 'last_over_time', 'max_over_time', 'min_over_time'],
  ...['present_over_time', 'rate', 'resets', 'stddev_over_time', 'stdvar_over_time'],
  'sum_over_time',
];

const ofTime: Names = [
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute'],
  ...['month', 'year'],
];

const vector = (args: readonly ValueType[], variadic = 0): Signature => ({
  args,
  variadic,
  returns: 'vector',
});

const scalar = (...args: ValueType[]): Signature => ({ args, variadic: 0, returns: 'scalar' });

const named = (names: Names, signature: Signature): [name: string, signature: Signature][] =>
  names.map((name) => [name, signature]);

/** The functions of Prometheus 2.42. */
export const functions: ReadonlyMap<string, Signature> = new Map([
  ...named(ofVector, vector(['vector'])),
  ...named(ofMatrix, vector(['matrix'])),
  ...named(ofTime, vector(['vector'], 1)),
  ['clamp', vector(['vector', 'scalar', 'scalar'])],
  ['clamp_max', vector(['vector', 'scalar'])],
  ['clamp_min', vector(['vector', 'scalar'])],
  ['histogram_fraction', vector(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', vector(['scalar', 'vector'])],
  ['holt_winters', vector(['matrix', 'scalar', 'scalar'])],
  ['label_join', vector(['vector', 'string', 'string', 'string'], Number.POSITIVE_INFINITY)],
  ['label_replace', vector(['vector', 'string', 'string', 'string', 'string'])],
  ['pi', scalar()],
  ['predict_linear', vector(['matrix', 'scalar'])],
  ['quantile_over_time', vector(['scalar', 'matrix'])],
  ['round', vector(['vector', 'scalar'], 1)],
  ['scalar', scalar('vector')],
  ['time', scalar()],
  ['vector', vector(['scalar'])],
]);
