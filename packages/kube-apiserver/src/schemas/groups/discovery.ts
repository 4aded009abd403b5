import type { SchemaGroup } from '../group.ts';

/** Types of discovery.k8s.io/v1. */
export const discovery: SchemaGroup = {
  group: 'discovery.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.discovery.v1',
  kinds: 'EndpointSlice',
  types: `
Endpoint: addresses! []string set; conditions EndpointConditions struct; deprecatedTopology {}string; hints EndpointHints; hostname string; nodeName string; targetRef core.ObjectReference; zone string
EndpointConditions: ready bool; serving bool; terminating bool
EndpointHints: forNodes []ForNode atomic; forZones []ForZone atomic
EndpointPort atomic: appProtocol string; name string; port int32; protocol string enum(SCTP|TCP|UDP)
EndpointSlice: addressType! string enum(FQDN|IPv4|IPv6); apiVersion string; endpoints []Endpoint atomic; kind string; metadata meta.ObjectMeta struct; ports []EndpointPort atomic
ForNode: name! string
ForZone: name! string
`,
};
