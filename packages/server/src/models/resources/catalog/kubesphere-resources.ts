import { equalField, latestTime, listField } from '../computed/fields.ts';
import { inVersion, type ResourceDefinition } from '../query/resource-definition.ts';
import { updateTimeSortKey, updateTimeSortKeys } from './workload-keys.ts';

/** Resources of KubeSphere, and of the projects that it brings. */
export const KUBESPHERE_RESOURCES: readonly ResourceDefinition[] = [
  ...inVersion('storage.kubesphere.io', 'v1alpha1', {
    provisionercapabilities: {
      kind: 'ProvisionerCapability',
      namespaced: false,
      fields: ({ spec }) => ({ snapshot: spec?.features?.snapshot?.create }),
    },
  }),
  ...inVersion('iam.kubesphere.io', 'v1alpha2', {
    users: {
      kind: 'User',
      namespaced: false,
      fields: (user) => ({ email: user.spec?.email, groups: user.spec?.groups ?? [] }),
      filters: {
        email: equalField('email'),
        ingroup: (user, value) => listField(user, 'groups').includes(value),
        notingroup: (user, value) => !listField(user, 'groups').includes(value),
      },
    },
    loginrecords: {
      kind: 'LoginRecord',
      namespaced: false,
      fields: ({ spec }) => ({
        type: spec?.type,
        success: spec?.success,
        sourceIP: spec?.sourceIP,
      }),
      filters: { type: equalField('type') },
    },
    globalroles: {
      kind: 'GlobalRole',
      namespaced: false,
      eager: true,
      keepObjects: true,
      aggregates: true,
    },
    globalrolebindings: {
      kind: 'GlobalRoleBinding',
      namespaced: false,
      eager: true,
      keepObjects: true,
    },
    workspaceroles: {
      kind: 'WorkspaceRole',
      namespaced: false,
      eager: true,
      keepObjects: true,
      aggregates: true,
      filters: { workspace: (role, value) => role.labels['kubesphere.io/workspace'] === value },
    },
    workspacerolebindings: {
      kind: 'WorkspaceRoleBinding',
      namespaced: false,
      eager: true,
      keepObjects: true,
    },
    groups: { kind: 'Group', namespaced: false, eager: true, keepObjects: true },
    groupbindings: { kind: 'GroupBinding', namespaced: false, eager: true, keepObjects: true },
  }),
  ...inVersion('app.k8s.io', 'v1beta1', {
    applications: {
      kind: 'Application',
      namespaced: true,
      fields: (application) => ({
        updateTime: latestTime(application, application.status?.conditions, 'lastUpdateTime'),
      }),
      sortKeys: updateTimeSortKeys,
    },
  }),
  ...inVersion('types.kubefed.io', 'v1beta1', {
    federatednamespaces: { kind: 'FederatedNamespace', namespaced: true },
    federateddeployments: {
      kind: 'FederatedDeployment',
      namespaced: true,
      fields: (deployment) => ({
        updateTime: latestTime(deployment, deployment.status?.conditions, 'lastUpdateTime'),
      }),
      sortKeys: updateTimeSortKey,
    },
    federatedstatefulsets: { kind: 'FederatedStatefulSet', namespaced: true },
    federatedservices: { kind: 'FederatedService', namespaced: true },
    federatedingresses: { kind: 'FederatedIngress', namespaced: true },
    federatedconfigmaps: { kind: 'FederatedConfigMap', namespaced: true },
    federatedapplications: { kind: 'FederatedApplication', namespaced: true },
    federatedsecrets: {
      kind: 'FederatedSecret',
      namespaced: true,
      needsOwnRight: true,
      fields: ({ spec }) => ({ type: spec?.template?.type }),
      filters: { type: equalField('type') },
    },
    federatedpersistentvolumeclaims: {
      kind: 'FederatedPersistentVolumeClaim',
      namespaced: true,
      fields: ({ spec }) => ({ storageClassName: spec?.template?.spec?.storageClassName }),
      filters: { storageClassName: equalField('storageClassName') },
    },
  }),
  ...inVersion('tenant.kubesphere.io', 'v1alpha1', {
    workspaces: { kind: 'Workspace', namespaced: false, keepObjects: true },
  }),
  ...inVersion('tenant.kubesphere.io', 'v1alpha2', {
    workspacetemplates: { kind: 'WorkspaceTemplate', namespaced: false, keepObjects: true },
  }),
  ...inVersion('devops.kubesphere.io', 'v1alpha1', {
    s2ibuilders: { kind: 'S2iBuilder', namespaced: true },
    s2iruns: {
      kind: 'S2iRun',
      namespaced: true,
      fields: ({ status }) => ({ status: status?.runState }),
    },
    s2ibuildertemplates: { kind: 'S2iBuilderTemplate', namespaced: false },
  }),
  ...inVersion('devops.kubesphere.io', 'v1alpha3', {
    devopsprojects: { kind: 'DevOpsProject', namespaced: false, eager: true, keepObjects: true },
    pipelines: { kind: 'Pipeline', namespaced: true, keepObjects: true },
  }),
  ...inVersion('cluster.kubesphere.io', 'v1alpha1', {
    clusters: { kind: 'Cluster', namespaced: false },
  }),
];
