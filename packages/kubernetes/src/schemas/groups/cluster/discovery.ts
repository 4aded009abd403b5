import type { SchemaGroup } from '../../group.ts';

/** Types of discovery.k8s.io/v1. */
export const discovery: SchemaGroup = {
  group: 'discovery.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.discovery.v1',
  kinds: 'EndpointSlice',
  types: `
Endpoint: addresses! []string set; conditions EndpointConditions struct; deprecatedTopology {}string dropped; hints EndpointHints; hostname string ptr; nodeName string ptr; targetRef core.ObjectReference; zone string ptr
EndpointConditions: ready bool ptr; serving bool ptr; terminating bool ptr
EndpointHints: forNodes []ForNode atomic; forZones []ForZone atomic
EndpointPort atomic: appProtocol string ptr; name string ptr; port int32 ptr; protocol string ptr enum(SCTP|TCP|UDP)
EndpointSlice: addressType! string enum(FQDN|IPv4|IPv6); apiVersion string; endpoints []Endpoint always atomic; kind string; metadata meta.ObjectMeta struct; ports []EndpointPort always atomic
ForNode: name! string
ForZone: name! string
`,
};
