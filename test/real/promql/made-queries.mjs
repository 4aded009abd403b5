// Makes PromQL expressions by chance from a grammar.
import fc from 'fast-check';
import { START } from './made-series.mjs';

/** Joins texts that are made by chance. */
const joined = (...parts) =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(''));

const one = (...texts) => fc.constantFrom(...texts);

const names = one(
  'requests_total',
  'temperature',
  'odd',
  'info',
  'jobs',
  'pods',
  'latency_bucket',
  'missing',
);

const matchers = one(
  '',
  '',
  '',
  '{job="a"}',
  '{job!="a"}',
  '{instance=~"0|1"}',
  '{instance!~"[02]"}',
  '{code=~"[45].*"}',
  '{code=~".+", job="b"}',
  '{pod!=""}',
);

const several = one(
  '{__name__=~"temperature|odd"}',
  '{__name__=~"j.*|info", job="a"}',
  '{job=~"a|b", __name__!~".*_.*"}',
);
const plain = fc.oneof(
  { weight: 9, arbitrary: joined(names, matchers) },
  { weight: 1, arbitrary: several },
);

const shift = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: one(' offset 7m', ' offset -3m', ' offset 2h') },
  {
    weight: 1,
    arbitrary: one(
      ' @ start()',
      ' @ end()',
      ` @ ${START / 1000 + 7001}`,
      ` @ ${START / 1000 + 60} offset -1h`,
    ),
  },
);

const selector = joined(plain, shift);
const duration = one('1m', '5m', '10m', '1h', '90s');
const step = one('', '30s', '1m', '7m');
const labels = one('', 'job', 'instance', 'job, instance', 'pod', 'code', 'le', '__name__, job');
const number = one(
  '0',
  '1',
  '2',
  '-1',
  '0.5',
  '3',
  'time()',
  'pi()',
  'scalar(jobs{job="a"})',
  'scalar(jobs)',
);
const share = one('0', '0.5', '0.9', '0.25', '1', '-1', '2', 'NaN');

const overTime = one(
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'changes', 'resets'],
  ...['avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time'],
  ...['stddev_over_time', 'stdvar_over_time', 'last_over_time', 'present_over_time'],
  'absent_over_time',
);

const elementwise = one(
  ...['abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'round', 'deg', 'rad'],
  ...[
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
  ],
  ...[
    'minute',
    'hour',
    'day_of_week',
    'day_of_month',
    'day_of_year',
    'days_in_month',
    'month',
    'year',
  ],
  ...['absent', 'sort', 'sort_desc', 'timestamp'],
);

const reducing = one('sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar');
const arithmetic = one('+', '-', '*', '/', '%', '^', 'atan2');
const comparison = one('==', '!=', '<', '<=', '>', '>=');
const either = fc.oneof(arithmetic, comparison, joined(comparison, ' bool'));
const clause = fc.oneof(one('', ''), joined(one(' by (', ' without ('), labels, ')'));

const matching = fc.oneof(
  one('', ''),
  joined(one(' on (', ' ignoring ('), one('job', 'job, instance', 'code', 'instance', 'pod'), ')'),
);

const grouped = joined(
  one(' on (job)', ' on (job, instance)', ' ignoring (code)', ' on (pod)'),
  one(' group_left ', ' group_right '),
  one('()', '(version)', '(uid)'),
);

const { vector } = fc.letrec((tie) => {
  const inner = tie('vector');
  const matrix = fc.oneof(
    { weight: 4, arbitrary: joined(plain, '[', duration, ']', shift) },
    { weight: 1, arbitrary: joined('(', inner, ')[', duration, ':', step, ']', shift) },
  );

  return {
    vector: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: selector },
      { weight: 6, arbitrary: joined(overTime, '(', matrix, ')') },
      { weight: 1, arbitrary: joined('quantile_over_time(', share, ', ', matrix, ')') },
      // Its range moves with the steps of a range query in Prometheus even with `@`.
      {
        weight: 1,
        arbitrary: joined(
          'predict_linear(',
          plain,
          '[',
          duration,
          '] offset 7m, ',
          one('60', '-600'),
          ')',
        ),
      },
      { weight: 1, arbitrary: joined('holt_winters(', matrix, ', 0.3, 0.6)') },
      { weight: 3, arbitrary: joined(elementwise, '(', inner, ')') },
      {
        weight: 1,
        arbitrary: joined(one('clamp_max(', 'clamp_min(', 'round('), inner, ', ', number, ')'),
      },
      { weight: 1, arbitrary: joined('clamp(', inner, ', ', number, ', ', number, ')') },
      {
        weight: 1,
        arbitrary: joined(
          'histogram_quantile(',
          share,
          ', ',
          fc.oneof(inner, one('latency_bucket', 'rate(latency_bucket[5m])')),
          ')',
        ),
      },
      { weight: 1, arbitrary: joined('vector(', number, ')') },
      {
        weight: 1,
        arbitrary: joined(
          'label_replace(',
          inner,
          ', "',
          one('job', 'extra', '__name__'),
          '", "',
          one('$1', 'x-$1-y', '', '$2', '$$'),
          '", "',
          one('job', 'code', 'none'),
          '", "',
          one('(.*)', '(a)|b', '(.)(.*)', '4.*'),
          '")',
        ),
      },
      {
        weight: 1,
        arbitrary: joined(
          'label_join(',
          inner,
          ', "',
          one('job', 'extra'),
          '", "-", "job", "code")',
        ),
      },
      { weight: 5, arbitrary: joined(reducing, clause, ' (', inner, ')') },
      { weight: 1, arbitrary: joined('quantile', clause, ' (', share, ', ', inner, ')') },
      { weight: 1, arbitrary: joined('count_values', clause, ' ("value", ', selector, ')') },
      // Only series whose values are all different have a definite order.
      {
        weight: 1,
        arbitrary: joined(
          one('topk', 'bottomk'),
          clause,
          ' (',
          one('1', '3', '0', '2.5', 'scalar(jobs{job="a"}) % 4'),
          ', ',
          one('requests_total', 'avg_over_time(requests_total[10m])', 'pods'),
          ')',
        ),
      },
      { weight: 3, arbitrary: joined('(', inner, ') ', either, ' ', number) },
      { weight: 1, arbitrary: joined(number, ' ', either, ' (', inner, ')') },
      { weight: 3, arbitrary: joined('(', inner, ') ', either, matching, ' (', inner, ')') },
      { weight: 2, arbitrary: joined('(', inner, ') ', either, grouped, ' (', inner, ')') },
      {
        weight: 1,
        arbitrary: joined(
          selector,
          ' ',
          arithmetic,
          ' ',
          selector,
          ' ',
          arithmetic,
          ' -',
          selector,
        ),
      },
      {
        weight: 2,
        arbitrary: joined('(', inner, ') ', one('and', 'or', 'unless'), matching, ' (', inner, ')'),
      },
      { weight: 1, arbitrary: joined('-(', inner, ')') },
    ),
  };
});

/** Expressions of instant vectors, and a few scalars. */
export const query = fc.oneof(
  { weight: 20, arbitrary: vector },
  { weight: 1, arbitrary: joined('scalar(', vector, ') ', arithmetic, ' ', number) },
);
