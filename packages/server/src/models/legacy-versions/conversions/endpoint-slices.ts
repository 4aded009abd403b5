import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, mapFields } from '../fields.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

function endpointToServed({
  topology,
  deprecatedTopology: _topology,
  ...endpoint
}: Fields): Fields {
  if (!isFields(topology)) {
    return endpoint;
  }

  // The rest of a topology cannot be written any more.
  const { [ZONE]: zone, [HOST]: host } = topology;

  return {
    ...endpoint,
    ...(!isAbsent(zone) && { zone }),
    ...(!isAbsent(host) && isAbsent(endpoint.nodeName) && { nodeName: host }),
  };
}

function endpointToLegacy({ deprecatedTopology, zone, ...endpoint }: Fields): Fields {
  const topology: Fields = {
    ...(isFields(deprecatedTopology) && deprecatedTopology),
    ...(!isAbsent(zone) && { [ZONE]: zone }),
  };

  if (!isAbsent(endpoint.nodeName)) {
    topology[HOST] ??= endpoint.nodeName;
  }

  return Object.keys(topology).length === 0 ? endpoint : { ...endpoint, topology };
}

/** EndpointSlices of discovery.k8s.io/v1beta1. */
export const endpointSlices: Conversion = {
  toServed: (object) => mapFields(object, 'endpoints[]', endpointToServed),
  toLegacy: (object) => mapFields(object, 'endpoints[]', endpointToLegacy),
  pieces: [{ served: 'endpoints', legacy: 'endpoints' }],
  unknown: ['endpoints[].zone', 'endpoints[].deprecatedTopology'],
};
