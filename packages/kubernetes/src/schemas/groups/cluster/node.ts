import type { SchemaGroup } from '../../group.ts';

/** Types of node.k8s.io/v1. */
export const node: SchemaGroup = {
  group: 'node.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.node.v1',
  kinds: 'RuntimeClass',
  types: `
Overhead: podFixed {}quantity
RuntimeClass: apiVersion string; handler! string; kind string; metadata meta.ObjectMeta struct; overhead Overhead; scheduling Scheduling
Scheduling: nodeSelector {}string atomic; tolerations []core.Toleration atomic
`,
};
