import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from '../../defaults/types.ts';

function classOf(list: readonly (Fields | undefined)[]): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let guaranteed = list.length > 0;
  let any = false;

  for (const resources of list) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name] ?? limit;
      if (limit !== undefined || request !== undefined) {
        any = true;
      }
      if (limit === undefined || String(request) !== String(limit)) {
        guaranteed = false;
      }
    }
  }

  if (guaranteed) {
    return 'Guaranteed';
  }

  return any ? 'Burstable' : 'BestEffort';
}

/**
 * The QoS class of a pod (Kubernetes "Pod Quality of Service Classes"), by its own resources or
 * those of its containers.
 */
export function qosClass({ spec = {} }: KubeObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  if (spec.resources) {
    return classOf([spec.resources]);
  }

  const containers: Fields[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return classOf(containers.map(({ resources }) => resources));
}
