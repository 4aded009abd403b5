import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import type { Expression } from '@ks-apiserver/promql/syntax/expression';
import { binary, call, equals, matches, number, rate, sum } from '../query/expressions.ts';
import type { MetricParameters } from './metric-parameters.ts';

/** What metrics are about: a namespace, or one thing in it. */
export interface MetricSubject {
  readonly namespace: string;
  readonly app?: string | undefined;
  readonly service?: string | undefined;
  readonly workload?: string | undefined;
}

/** Statuses of failed requests. */
const FAILED = matches('response_code', '[5|4].*');

/** Metrics that are rates of one series, in the order in which answers list them. */
export const RATES: Readonly<Record<string, { series: string; more: readonly Matcher[] }>> = {
  request_count: { series: 'istio_requests_total', more: [] },
  request_error_count: { series: 'istio_requests_total', more: [FAILED] },
  tcp_received: { series: 'istio_tcp_received_bytes_total', more: [] },
  tcp_sent: { series: 'istio_tcp_sent_bytes_total', more: [] },
};

/** A histogram, and what its numbers are divided by. */
export interface Histogram {
  readonly series: string;
  readonly divisor: number;
}

/**
 * Metrics that are histograms: series of which the first that is there counts. Istio 1.5 and later
 * measures durations in milliseconds.
 */
export const HISTOGRAMS: Readonly<Record<string, readonly Histogram[]>> = {
  request_duration: [
    { series: 'istio_request_duration_seconds', divisor: 1 },
    { series: 'istio_request_duration_milliseconds', divisor: 1000 },
  ],
  request_size: [{ series: 'istio_request_bytes', divisor: 1 }],
  response_size: [{ series: 'istio_response_bytes', divisor: 1 }],
};

/** Smallest number that is rounded, and to what. */
const ROUNDED = 0.001;

/** Returns the matchers of the series about a subject. */
export function matchersOf(
  { namespace, app, service, workload }: MetricSubject,
  { direction, reporter, protocol }: Pick<MetricParameters, 'direction' | 'reporter' | 'protocol'>,
): Matcher[] {
  const side = direction === 'inbound' ? 'destination' : 'source';

  const place =
    service === undefined
      ? [equals(`${side}_workload_namespace`, namespace)]
      : [
          equals('destination_service_name', service),
          equals('destination_service_namespace', namespace),
        ];

  return [
    equals('reporter', reporter),
    ...place,
    ...(workload === undefined ? [] : [equals(`${side}_workload`, workload)]),
    ...(app === undefined ? [] : [equals(`${side}_app`, app)]),
    ...(protocol === '' ? [] : [equals('request_protocol', protocol)]),
  ];
}

/** Rounds numbers to thousandths, except those that would become nothing. */
export function rounded(expression: Expression): Expression {
  const round = call('round', expression, number(ROUNDED));
  return binary(binary(round, '>', number(ROUNDED)), 'or', expression);
}

/** Returns the sum of the rates of a metric's series. */
export function rateExpression(
  name: string,
  subject: MetricSubject,
  parameters: MetricParameters,
): Expression {
  const { series = '', more = [] } = RATES[name] ?? {};
  const { intervalMs, rateFunction, byLabels } = parameters;
  const matchers = [...matchersOf(subject, parameters), ...more];

  return rounded(sum(rate(series, matchers, intervalMs, rateFunction), byLabels));
}

/** Returns what one expression finds, and where it finds nothing, what the next one does. */
export function firstOf(expressions: readonly Expression[]): Expression {
  return expressions.reduce((left, right) => binary(left, 'or', right));
}

function divided(expression: Expression, divisor: number): Expression {
  return divisor === 1 ? expression : binary(expression, '/', number(divisor));
}

/** Returns the average of a histogram's values. */
export function averageExpression(
  name: string,
  subject: MetricSubject,
  parameters: MetricParameters,
): Expression {
  const matchers = matchersOf(subject, parameters);
  const { intervalMs, byLabels } = parameters;

  return rounded(
    firstOf(
      (HISTOGRAMS[name] ?? []).map(({ series, divisor }) => {
        const ofAll = (suffix: string) =>
          sum(rate(series + suffix, matchers, intervalMs), byLabels);
        return divided(binary(ofAll('_sum'), '/', ofAll('_count')), divisor);
      }),
    ),
  );
}

/** Returns a quantile of a histogram's values. */
export function quantileExpression(
  name: string,
  quantile: number,
  subject: MetricSubject,
  parameters: MetricParameters,
): Expression {
  const matchers = matchersOf(subject, parameters);
  const { intervalMs, byLabels } = parameters;

  return rounded(
    firstOf(
      (HISTOGRAMS[name] ?? []).map(({ series, divisor }) => {
        const buckets = sum(rate(`${series}_bucket`, matchers, intervalMs), ['le', ...byLabels]);
        return divided(call('histogram_quantile', number(quantile), buckets), divisor);
      }),
    ),
  );
}
