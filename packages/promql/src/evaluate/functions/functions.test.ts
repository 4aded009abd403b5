import { engineOf, steady, testCases } from '../test-engine.test.ts';

const engine = engineOf({
  'counter{a="x"}': steady(61, 60),
  'reset{a="x"}': [10, 20, 5, 15, 15, 0],
  'gauge{a="x"}': [4, 2, 8, 6, 3, 7],
  'gauge{a="y"}': [1, 1, 1, 1, 1, 1],
  'special{a="nan"}': [Number.NaN, 1, Number.NaN, 3, 2, Number.NaN],
  'special{a="inf"}': [1, Number.POSITIVE_INFINITY, 2, Number.POSITIVE_INFINITY, 3, 4],
  'one{a="x"}': [-1.5, -1.5, -1.5, -1.5, -1.5, -1.5],
  'large{a="x"}': [1e308, 1e308, 1e308, 1e16, 1, -1e16],
  'target{instance="10.0.0.1:9100", job="n"}': [1, 1, 1, 1, 1, 1],
  'same_1{a="x"}': [1, 1, 1, 1, 1, 1],
  'same_2{a="x"}': [2, 2, 2, 2, 2, 2],
  'latency_bucket{le="0.1"}': [1, 1, 1, 1, 1, 10],
  'latency_bucket{le="0.5"}': [2, 2, 2, 2, 2, 30],
  'latency_bucket{le="1e0"}': [2, 2, 2, 2, 2, 20],
  'latency_bucket{le="+Inf"}': [2, 2, 2, 2, 2, 40],
  'latency_bucket{le="x"}': [2, 2, 2, 2, 2, 99],
});

// Changes of counters and gauges.
testCases(engine, [
  ['rate(counter[5m])', 3600, '{a="x"} 1'],
  ['increase(counter[10m])', 3600, '{a="x"} 600'],
  ['rate(counter[30s])', 3600, ''],
  ['increase(reset[5m])', 300, '{a="x"} 25'],
  ['delta(gauge{a="x"}[5m])', 300, '{a="x"} 3'],
  ['irate(reset[5m])', 120, '{a="x"} 0.08333333333333333'],
  ['irate(reset[5m])', 300, '{a="x"} 0'],
  ['idelta(gauge[5m])', 300, '{a="x"} 4, {a="y"} 0'],
  ['resets(reset[5m])', 300, '{a="x"} 2'],
  ['changes(special[5m])', 300, '{a="nan"} 5, {a="inf"} 5'],
  ['deriv(counter[10m])', 3600, '{a="x"} 1'],
  ['predict_linear(counter[10m], 60)', 3600, '{a="x"} 3660'],
  ['holt_winters(gauge[5m], 0.5, 0.5)', 300, '{a="x"} 5.5625, {a="y"} 1'],
  [
    'holt_winters(gauge[5m], 1, 0.5)',
    300,
    '!invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000',
  ],
  [
    'holt_winters(gauge[5m], 0.5, 0)',
    300,
    '!invalid trend factor. Expected: 0 < tf < 1, got: 0.000000',
  ],
]);

// Aggregations over time.
testCases(engine, [
  ['avg_over_time(gauge[5m])', 300, '{a="x"} 5, {a="y"} 1'],
  ['avg_over_time(special[5m])', 240, '{a="nan"} NaN, {a="inf"} +Inf'],
  ['avg_over_time(large[2m])', 120, `{a="x"} ${'1'.padEnd(309, '0')}`],
  ['sum_over_time(large[2m])', 300, '{a="x"} 1'],
  ['min_over_time(special[5m])', 300, '{a="nan"} 1, {a="inf"} 1'],
  ['max_over_time(special[5m])', 300, '{a="nan"} 3, {a="inf"} +Inf'],
  ['count_over_time(special[3m])', 300, '{a="nan"} 4, {a="inf"} 4'],
  ['stddev_over_time(gauge{a="x"}[1m])', 60, '{a="x"} 1'],
  ['stdvar_over_time(gauge{a="x"}[1m])', 60, '{a="x"} 1'],
  ['quantile_over_time(0.5, gauge[4m])', 300, '{a="x"} 6, {a="y"} 1'],
  ['quantile_over_time(2, gauge{a="x"}[4m])', 300, '{a="x"} +Inf'],
  ['quantile_over_time(0.1, special{a="nan"}[5m])', 300, '{a="nan"} NaN'],
  ['last_over_time(gauge[5m])', 300, '{__name__="gauge", a="x"} 7, {__name__="gauge", a="y"} 1'],
  ['present_over_time(gauge{a="x"}[5m])', 300, '{a="x"} 1'],
  [
    'last_over_time({__name__=~"same_.", a="x"}[5m])',
    0,
    '{__name__="same_1", a="x"} 1, {__name__="same_2", a="x"} 2',
  ],
  [
    'rate({__name__=~"same_.", a="x"}[5m])',
    300,
    '!vector cannot contain metrics with the same labelset',
  ],
]);

// Functions of each element.
testCases(engine, [
  ['abs(one)', 0, '{a="x"} 1.5'],
  ['ceil(one)', 0, '{a="x"} -1'],
  ['floor(one)', 0, '{a="x"} -2'],
  ['round(one)', 0, '{a="x"} -1'],
  ['round(gauge{a="x"}, 5)', 300, '{a="x"} 5'],
  ['sgn(one)', 0, '{a="x"} -1'],
  ['sqrt(one)', 0, '{a="x"} NaN'],
  ['exp(one * 0)', 0, '{a="x"} 1'],
  ['ln(one * 0)', 0, '{a="x"} -Inf'],
  ['log2(gauge{a="x"})', 120, '{a="x"} 3'],
  ['log10(gauge{a="y"} * 1000)', 0, '{a="y"} 3'],
  ['clamp(gauge, 2, 3)', 300, '{a="x"} 3, {a="y"} 2'],
  ['clamp(gauge, 3, 2)', 300, ''],
  ['clamp_min(special, 2)', 120, '{a="nan"} NaN, {a="inf"} 2'],
  ['clamp_max(gauge, 2)', 300, '{a="x"} 2, {a="y"} 1'],
  ['clamp_max(special{a="nan"}, -Inf)', 120, '{a="nan"} -Inf'],
  ['deg(vector(pi()))', 0, '{} 180'],
  ['rad(vector(180)) == pi()', 0, '{} 3.141592653589793'],
  ['cos(vector(0)) + acos(vector(1)) + sinh(vector(0)) + atanh(vector(0))', 0, '{} 1'],
  ['abs({__name__=~"same_.", a="x"})', 0, '!vector cannot contain metrics with the same labelset'],
]);

// Time.
testCases(engine, [
  ['time()', 1.5, '1.5'],
  ['timestamp(gauge)', 310, '{a="x"} 300, {a="y"} 300'],
  ['timestamp(gauge + 0)', 310, '{a="x"} 310, {a="y"} 310'],
  ['timestamp(gauge offset 1m)', 310, '{a="x"} 240, {a="y"} 240'],
  ['hour() * 100 + minute()', 45_000, '{} 1230'],
  ['year(vector(1.7e9)) * 100 + month(vector(1.7e9))', 0, '{} 202311'],
  ['day_of_month(vector(1.7e9)) + day_of_week(vector(1.7e9))', 0, '{} 16'],
  ['day_of_year(vector(1709251199))', 0, '{} 60'],
  ['days_in_month(vector(1709251199))', 0, '{} 29'],
  ['year(vector(-1))', 0, '{} 1969'],
  ['year(vector(1e17))', 0, '{} 3168875820'],
  ['hour(vector(NaN))', 0, '{} 15'],
]);

// Labels.
testCases(engine, [
  [
    'label_replace(target, "host", "$1", "instance", "(.*):.*")',
    0,
    '{__name__="target", host="10.0.0.1", instance="10.0.0.1:9100", job="n"} 1',
  ],
  [
    'label_replace(target, "host", "\u0024{1}a$$-$2", "instance", "(.*):.*")',
    0,
    '{__name__="target", host="10.0.0.1a$-", instance="10.0.0.1:9100", job="n"} 1',
  ],
  [
    'label_replace(target, "host", "$1a", "instance", "(.*):.*")',
    0,
    '{__name__="target", instance="10.0.0.1:9100", job="n"} 1',
  ],
  [
    'label_replace(target, "host", "$port", "instance", ".*:(?P<port>.*)")',
    0,
    '{__name__="target", host="9100", instance="10.0.0.1:9100", job="n"} 1',
  ],
  [
    'label_replace(target, "host", "x", "instance", "no")',
    0,
    '{__name__="target", instance="10.0.0.1:9100", job="n"} 1',
  ],
  [
    'label_replace(target, "job", "", "", "")',
    0,
    '{__name__="target", instance="10.0.0.1:9100"} 1',
  ],
  [
    'label_replace(gauge, "a", "z", "a", ".*")',
    300,
    '!vector cannot contain metrics with the same labelset',
  ],
  [
    'label_replace(gauge, "a-b", "", "", "")',
    0,
    '!invalid destination label name in label_replace(): a-b',
  ],
  [
    'label_replace(gauge, "a", "", "", "(")',
    0,
    '!invalid regular expression in label_replace(): (',
  ],
  [
    'label_join(target, "id", "/", "job", "none", "instance")',
    0,
    '{__name__="target", id="n//10.0.0.1:9100", instance="10.0.0.1:9100", job="n"} 1',
  ],
  ['label_join(target, "job", "")', 0, '{__name__="target", instance="10.0.0.1:9100"} 1'],
  ['label_join(gauge, "a b", "")', 0, '!invalid destination label name in label_join(): a b'],
  ['label_join(gauge, "a", "", "1")', 0, '!invalid source label name in label_join(): 1'],
]);

// Histograms, missing series, order.
testCases(engine, [
  ['histogram_quantile(0.5, latency_bucket)', 0, '{} 0.1'],
  ['histogram_quantile(0.6, latency_bucket)', 300, '{} 0.38'],
  ['histogram_quantile(0.9, latency_bucket)', 300, '{} 1'],
  ['histogram_quantile(2, latency_bucket)', 0, '{} +Inf'],
  ['histogram_quantile(-1, latency_bucket)', 0, '{} -Inf'],
  ['histogram_quantile(NaN, latency_bucket)', 0, '{} NaN'],
  ['histogram_quantile(0.5, latency_bucket{le!="+Inf"})', 0, '{} NaN'],
  ['histogram_quantile(0.5, gauge)', 0, ''],
  ['histogram_count(latency_bucket)', 0, ''],
  ['absent(missing{a="b", c=~"d", e!="f"})', 0, '{a="b"} 1'],
  ['absent(missing{a="b", a="c"})', 0, '{} 1'],
  ['absent(sum(missing{a="b"}))', 0, '{} 1'],
  ['absent(gauge)', 0, ''],
  ['absent_over_time(missing{a="b"}[5m])', 0, '{a="b"} 1'],
  ['absent_over_time(gauge[5m])', 0, ''],
  ['sort(gauge)', 300, '{__name__="gauge", a="y"} 1, {__name__="gauge", a="x"} 7'],
  ['sort_desc(special)', 120, '{__name__="special", a="inf"} 2, {__name__="special", a="nan"} NaN'],
  ['sort(special)', 120, '{__name__="special", a="inf"} 2, {__name__="special", a="nan"} NaN'],
  ['scalar(gauge{a="x"})', 0, '4'],
  ['scalar(gauge)', 0, 'NaN'],
  ['vector(scalar(missing))', 0, '{} NaN'],
]);

const long = 'a'.repeat(8000);

// Functions cannot be nested so that labels become too long, or take long to match.
testCases(engineOf({ [`long{a="${long}"}`]: [1] }), [
  [
    `label_replace(long, "a", "$1$1$1", "a", "(.*)")`,
    0,
    '!label value is longer than 16384 characters',
  ],
  ['label_join(long, "b", "", "a", "a", "a")', 0, '!label value is longer than 16384 characters'],
  ['sum(label_join(long, "b", "", "a", "a"))', 0, '{} 1'],
  [
    `label_replace(long, "a", "", "a", "${'(a*)*'.repeat(100)}")`,
    0,
    '!regular expression in label_replace() is too large for the label value',
  ],
]);
