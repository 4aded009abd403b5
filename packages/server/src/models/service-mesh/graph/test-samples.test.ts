import type { Sample } from '../query/results.ts';
import type { TrafficGraph } from './graph.ts';

/** Returns a sample of bytes between two workloads that are called like their apps. */
export function sampleOf(from: string, to: string, value: number, more = {}): Sample {
  const labels = {
    source_workload_namespace: 'demo',
    source_workload: from,
    source_app: from,
    source_version: 'v1',
    destination_service_namespace: 'demo',
    destination_service_name: to,
    destination_workload: to,
    destination_app: to,
    destination_version: 'v1',
    ...more,
  };

  return { labels, value };
}

/** Returns a sample of requests. */
export function request(from: string, to: string, value: number, code: string, more = {}): Sample {
  return sampleOf(from, to, value, { request_protocol: 'http', response_code: code, ...more });
}

/** Describes the edges of a graph, each in a line. */
export function edgesOf(graph: TrafficGraph): string[] {
  return [...graph.values()].flatMap(({ id, edges }) =>
    edges.map(({ destination, protocol, rates }) =>
      [
        `${id} > ${destination.id}`,
        protocol,
        ...[...rates].map(([name, value]) => `${name}=${value}`),
      ].join(' '),
    ),
  );
}
