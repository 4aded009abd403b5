import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Strategy } from '../strategy.ts';

type Amounts = Record<string, unknown> | undefined;

/** Quality of service of a pod (Kubernetes "Pod Quality of Service Classes"). */
export function qosClass(object: KubeObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers: { resources?: { requests?: Amounts; limits?: Amounts } }[] = [
    ...(object.spec?.containers ?? []),
    ...(object.spec?.initContainers ?? []),
  ];
  let guaranteed = containers.length > 0;
  let any = false;
  for (const { resources } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name] ?? limit;
      if (limit !== undefined || request !== undefined) any = true;
      if (limit === undefined || String(request) !== String(limit)) guaranteed = false;
    }
  }
  return guaranteed ? 'Guaranteed' : any ? 'Burstable' : 'BestEffort';
}

const NOT_EXECUTING = new Set(['Succeeded', 'Failed']);
/** Pods: status at birth, and an end that waits for the node they are bound to. */
export const podStrategy: Strategy = {
  generation: true,
  returnsDeleted: true,
  statusTakesMetadata: true,
  fields: ({ spec = {}, status = {} }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status.phase ?? '',
    'status.podIP': status.podIP ?? '',
    'status.podIPs': status.podIP ?? '',
    'status.nominatedNodeName': status.nominatedNodeName ?? '',
  }),
  prepareForCreate(object) {
    object.status = { phase: 'Pending', qosClass: qosClass(object) };
  },
  gracePeriod({ spec = {}, status = {} }, requested) {
    if (!spec.nodeName || NOT_EXECUTING.has(status.phase)) return 0;
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
    return seconds < 0 ? 1 : seconds;
  },
};
