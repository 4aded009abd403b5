import type { ResourceDefinition } from '../query/resource-definition.ts';
import { KUBERNETES_RESOURCES } from './kubernetes-resources.ts';
import { KUBESPHERE_RESOURCES } from './kubesphere-resources.ts';

/** The table of resources: its definitions feed informers, lists, gets and authorization. */
export const RESOURCES: readonly ResourceDefinition[] = [
  ...KUBERNETES_RESOURCES,
  ...KUBESPHERE_RESOURCES,
];
