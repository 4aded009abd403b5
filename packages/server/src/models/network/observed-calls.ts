import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { printMatchers } from '@ks-apiserver/promql/syntax/print';
import type { ObservedCall } from './topology.ts';

/** How far back calls count, as PromQL writes it. */
const WINDOW = '5m';

/** Most calls that are read; more would be no picture that anybody can read. */
const MAX_CALLS = 5000;

/**
 * Returns which workloads of a namespace called which of its services lately, as Istio's metrics
 * tell; none where there are no such metrics or they cannot be read.
 */
export async function observedCalls(
  queries: MetricQueries,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly ObservedCall[]> {
  const matchers = printMatchers([
    { name: 'reporter', op: '=', value: 'destination' },
    { name: 'source_workload_namespace', op: '=', value: namespace },
    { name: 'destination_service_namespace', op: '=', value: namespace },
  ]);

  const labels = 'source_workload, destination_service_name';
  const expression = `sum by (${labels}) (rate(istio_requests_total${matchers}[${WINDOW}])) > 0`;

  try {
    const { resultType, result } = await queries.query(expression, Date.now() / 1000, signal);

    return resultType === 'vector'
      ? result.slice(0, MAX_CALLS).map(({ metric }) => ({
          workload: metric.source_workload ?? '',
          service: metric.destination_service_name ?? '',
        }))
      : [];
  } catch {
    // The picture is of use without them.
    signal.throwIfAborted();
    return [];
  }
}
