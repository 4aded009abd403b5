import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GraphType, NodeIdentity, NodeType, Place } from './graph.ts';

/** What Istio writes into labels of which it does not know the value. */
export const UNKNOWN = 'unknown';

/** Whether a label has a value that is known. */
export function isKnown(value: string): boolean {
  return value !== '' && value !== UNKNOWN;
}

const allUnknown = (...values: readonly string[]) => values.every((value) => value === UNKNOWN);

/** Whether a place is anywhere outside of the mesh. */
function isNowhere({ namespace, workload, app, service }: Place): boolean {
  return allUnknown(namespace, workload, app) && service === '';
}

function appId({ namespace, app, workload, version }: Place, graphType: GraphType): string {
  const isVersioned = graphType === 'versionedApp';

  if (isVersioned && isKnown(workload)) {
    return `vapp_${namespace}_${workload}`;
  }

  return isVersioned && isKnown(version)
    ? `vapp_${namespace}_${app}_${version}`
    : `app_${namespace}_${app}`;
}

/**
 * Returns id and type of the node that stands for a place. As in 3.0, throws an internal error for
 * a place that a graph of this type cannot show.
 */
export function identify(place: Place, graphType: GraphType): NodeIdentity {
  const { namespace, workload, app, version, service } = place;

  if (isNowhere(place)) {
    return { id: 'unknown_source', nodeType: 'unknown' };
  }
  if (allUnknown(workload, app, service)) {
    return { id: `svc_${namespace}_${UNKNOWN}`, nodeType: 'service' };
  }

  const showsApps = graphType === 'app' || graphType === 'versionedApp';

  if (showsApps && isKnown(app)) {
    return { id: appId(place, graphType), nodeType: 'app' };
  }
  if (isKnown(workload)) {
    return { id: `wl_${namespace}_${workload}`, nodeType: 'workload' };
  }
  if (isKnown(service)) {
    return { id: `svc_${namespace}_${service}`, nodeType: 'service' };
  }

  throw new StatusError(
    500,
    'InternalError',
    `Failed ID gen: namespace=[${namespace}] workload=[${workload}] app=[${app}] version=[${version}] service=[${service}] graphType=[${graphType}]`,
  );
}

/** Returns what a node keeps of a place. */
export function keptOf(place: Place, nodeType: NodeType, graphType: GraphType): Place {
  const known = (value: string) => (value === UNKNOWN ? '' : value);

  switch (nodeType) {
    case 'workload':
      return { ...place, app: known(place.app), version: known(place.version), service: '' };
    case 'app':
      return graphType === 'versionedApp'
        ? { ...place, service: '' }
        : { ...place, workload: '', version: '', service: '' };
    case 'service':
      return { ...place, workload: '', app: '', version: '' };
    case 'unknown':
      return place;
  }
}
