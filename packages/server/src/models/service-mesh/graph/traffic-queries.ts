import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import type { Expression } from '@ks-apiserver/promql/syntax/expression';
import { firstOf } from '../metrics/metric-expressions.ts';
import { binary, call, differs, equals, matches, number, rate, sum } from '../query/expressions.ts';
import { UNKNOWN } from './node-id.ts';

/** Namespace of Istio itself. */
export const ISTIO_SYSTEM = 'istio-system';

/** Labels that name the ends of traffic. */
const ENDS = [
  'source_workload_namespace',
  'source_workload',
  'source_app',
  'source_version',
  'destination_service_namespace',
  'destination_service_name',
  'destination_workload',
  'destination_app',
  'destination_version',
];

const REQUESTS = 'istio_requests_total';
const BYTES = 'istio_tcp_sent_bytes_total';

/** Histograms of the durations of requests, and how many milliseconds their unit has. */
const DURATIONS = [
  { series: 'istio_request_duration_seconds_bucket', milliseconds: 1000 },
  { series: 'istio_request_duration_milliseconds_bucket', milliseconds: 1 },
];

const SUCCEEDED = matches('response_code', '2[0-9]{2}|^0$');

/** What of a namespace is asked. */
export interface TrafficScope {
  readonly namespace: string;
  /** How far back rates look, in milliseconds. */
  readonly windowMs: number;
  readonly includeIstio: boolean;
}

function rounded(expression: Expression): Expression {
  return call('round', expression, number(0.001));
}

const outside = (namespace: string, side: string): Matcher[] => [
  equals('reporter', 'destination'),
  equals('source_workload', UNKNOWN),
  equals(`destination_${side}_namespace`, namespace),
];

const elsewhere = (namespace: string): Matcher[] => [
  equals('reporter', 'source'),
  differs('source_workload_namespace', namespace),
  differs('source_workload', UNKNOWN),
  equals('destination_service_namespace', namespace),
];

const own = (namespace: string): Matcher[] => [
  equals('reporter', 'source'),
  equals('source_workload_namespace', namespace),
];

/** Returns the selections of requests to and from a namespace, in their order. */
function requestMatchers({ namespace, includeIstio }: TrafficScope): Matcher[][] {
  const toIstio = [
    equals('reporter', 'destination'),
    equals('source_workload_namespace', namespace),
    equals('destination_service_namespace', ISTIO_SYSTEM),
  ];

  return [
    outside(namespace, 'service'),
    elsewhere(namespace),
    own(namespace),
    ...(includeIstio ? [toIstio] : []),
  ];
}

/** Returns the queries of requests per second. */
export function requestQueries(scope: TrafficScope): Expression[] {
  const labels = [...ENDS, 'request_protocol', 'response_code'];
  return requestMatchers(scope).map((matchers) =>
    rounded(sum(rate(REQUESTS, matchers, scope.windowMs), labels)),
  );
}

/** Returns the queries of bytes per second. */
export function byteQueries({ namespace, windowMs }: TrafficScope): Expression[] {
  const ofWorkloads = ENDS.map((label) =>
    label === 'destination_service_namespace' ? 'destination_workload_namespace' : label,
  );

  return [
    sum(rate(BYTES, outside(namespace, 'workload'), windowMs), ofWorkloads),
    sum(rate(BYTES, elsewhere(namespace), windowMs), ENDS),
    sum(rate(BYTES, own(namespace), windowMs), ENDS),
  ].map(rounded);
}

/** Returns the queries of the durations of successful requests, in milliseconds. */
export function durationQueries(scope: TrafficScope, quantile: number): Expression[] {
  return requestMatchers(scope).map((matchers) =>
    rounded(
      firstOf(
        DURATIONS.map(({ series, milliseconds }) => {
          const selected = [...matchers, SUCCEEDED];
          const buckets = sum(rate(series, selected, scope.windowMs), ['le', ...ENDS]);

          return binary(
            call('histogram_quantile', number(quantile), buckets),
            '*',
            number(milliseconds),
          );
        }),
      ),
    ),
  );
}

/** Returns the queries of requests per second by how they are secured. */
export function securityQueries({ namespace, windowMs, includeIstio }: TrafficScope): Expression[] {
  const reporter = equals('reporter', 'destination');

  const selections = [
    [
      reporter,
      differs('source_workload_namespace', namespace),
      equals('destination_service_namespace', namespace),
    ],
    [
      reporter,
      equals('source_workload_namespace', namespace),
      ...(includeIstio ? [] : [differs('destination_service_namespace', ISTIO_SYSTEM)]),
    ],
  ];

  const labels = [...ENDS, 'connection_security_policy'];

  return selections.map((matchers) => {
    const growing = binary(rate(REQUESTS, matchers, windowMs), '>', number(0));
    return rounded(sum(growing, labels));
  });
}
