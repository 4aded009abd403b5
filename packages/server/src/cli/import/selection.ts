import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { SYSTEM_WORKSPACE } from '../../models/authorization/platform-namespaces.ts';

/** Which objects of one resource are imported. */
export interface Selected {
  resource: GroupVersionResource;
  /**
   * Whether an object was made by people and not by the cluster itself; without it, all objects are
   * imported.
   */
  isTheirs?: (object: KubeObject) => boolean;
  /** Imports only objects in projects. */
  ofProjects?: boolean;
  /** Imports the status too: no controller computes it. */
  keepsStatus?: boolean;
}

const of = (group: string, version: string, resource: string): GroupVersionResource => ({
  group,
  version,
  resource,
});

const iam = (resource: string) => of('iam.kubesphere.io', 'v1alpha2', resource);
const rbac = (resource: string) => of('rbac.authorization.k8s.io', 'v1', resource);

/** Whether a namespace is a project of a workspace made by people. */
export function isProject({ metadata }: KubeObject): boolean {
  const workspace = metadata.labels?.[WORKSPACE_LABEL] ?? '';
  return workspace !== '' && workspace !== SYSTEM_WORKSPACE;
}

/** What is imported, in this order: objects that others refer to come first. */
export const SELECTED: readonly Selected[] = [
  { resource: iam('globalroles') },
  { resource: iam('users'), keepsStatus: true },
  { resource: iam('globalrolebindings') },
  { resource: of('tenant.kubesphere.io', 'v1alpha2', 'workspacetemplates') },
  { resource: iam('workspaceroles') },
  { resource: iam('workspacerolebindings') },
  { resource: iam('groups') },
  { resource: iam('groupbindings') },
  {
    resource: rbac('clusterroles'),
    isTheirs: ({ metadata }) => metadata.annotations?.[CREATOR_ANNOTATION] !== undefined,
  },
  {
    resource: rbac('clusterrolebindings'),
    isTheirs: ({ metadata }) => metadata.labels?.[USER_REF_LABEL] !== undefined,
  },
  { resource: of('quota.kubesphere.io', 'v1alpha2', 'resourcequotas') },
  { resource: of('', 'v1', 'namespaces'), isTheirs: isProject },
  { resource: rbac('roles'), ofProjects: true },
  { resource: rbac('rolebindings'), ofProjects: true },
  { resource: of('', 'v1', 'resourcequotas'), ofProjects: true },
  { resource: of('', 'v1', 'limitranges'), ofProjects: true },
  { resource: of('networking.k8s.io', 'v1', 'networkpolicies'), ofProjects: true },
  {
    resource: of('network.kubesphere.io', 'v1alpha1', 'namespacenetworkpolicies'),
    ofProjects: true,
  },
];
