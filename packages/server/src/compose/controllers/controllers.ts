import { setMaxListeners } from 'node:events';
import { CONTROLS_NAMESPACE, SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import {
  CLUSTER_ROLE_BINDINGS,
  CONFIG_MAPS,
  GLOBAL_ROLE_BINDINGS,
  GROUP_BINDINGS,
  ROLE_BINDINGS,
  WORKSPACE_ROLE_BINDINGS,
  WORKSPACE_ROLES,
} from '@ks-apiserver/api/resources';
import { RETIRED_LABEL } from '@ks-apiserver/api/retired-user';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { applicationReconciler } from '@ks-apiserver/controllers/application/application';
import { EventRecorder } from '@ks-apiserver/controllers/events/recorder';
import { globalRoleBindingReconciler } from '@ks-apiserver/controllers/iam/global-role-binding';
import { groupReconciler } from '@ks-apiserver/controllers/iam/group';
import { groupBindingReconciler } from '@ks-apiserver/controllers/iam/group-binding';
import {
  type LoginHistory,
  loginRecordReconciler,
} from '@ks-apiserver/controllers/iam/login-record';
import { retiredUserReconciler, retireName } from '@ks-apiserver/controllers/iam/retired-user';
import {
  type CheckOverride,
  roleOverrideReconciler,
} from '@ks-apiserver/controllers/iam/role-override';
import { serviceAccountRoleReconciler } from '@ks-apiserver/controllers/iam/service-account-role';
import { SubjectBindings } from '@ks-apiserver/controllers/iam/subject-bindings';
import { userReconciler } from '@ks-apiserver/controllers/iam/user';
import { userBindingReconciler } from '@ks-apiserver/controllers/iam/user-binding';
import { workspaceMemberReconciler } from '@ks-apiserver/controllers/iam/workspace-member';
import { kubeconfigReconciler } from '@ks-apiserver/controllers/kubectl/kubeconfig';
import { kubectlReconciler } from '@ks-apiserver/controllers/kubectl/kubectl';
import {
  Controller,
  type OnFailure,
  type Reconciler,
} from '@ks-apiserver/controllers/runtime/controller';
import { capabilityReconciler } from '@ks-apiserver/controllers/storage/capability';
import { claimProvisionerReconciler } from '@ks-apiserver/controllers/storage/claim-provisioner';
import { expansionReconciler } from '@ks-apiserver/controllers/storage/expansion';
import { namespaceReconciler } from '@ks-apiserver/controllers/tenant/namespace';
import { workspaceReconciler } from '@ks-apiserver/controllers/tenant/workspace';
import { workspaceQuotaReconciler } from '@ks-apiserver/controllers/tenant/workspace-quota';
import { workspaceTemplateReconciler } from '@ks-apiserver/controllers/tenant/workspace-template';
import { jobReconciler } from '@ks-apiserver/controllers/workloads/job';
import { makeSigningRequest } from '@ks-apiserver/kubernetes/server/sign-request';
import type { Logger } from 'pino';
import { hashPassword } from '../../models/iam/passwords/passwords.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { componentKind } from '../../models/resources/computed/application-components.ts';
import type { Routers } from '../../models/router/routers.ts';
import type { QuotaLimits } from '../../models/tenant/quota-limits.ts';
import { type ClusterOptions, clusterControllers, type ProjectDependencies } from './clusters.ts';
import { type DevOpsBackends, devopsControllers } from './devops.ts';
import { federationControllers, federationMode, hostPlacement } from './federation.ts';
import { meshControllers } from './mesh.ts';
import { type NetworkIsolationOptions, networkControllers } from './network.ts';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';
import { servedVersion } from './served-version.ts';

/** What the controllers work with. */
export interface ControllerDependencies {
  client: KubeClient;
  catalog: Catalog;
  /** Informer of users that keeps their passwords. */
  users: Informer;
  revokeSessions: (username: string) => Promise<void>;
  checkOverride: CheckOverride;
  quotas: { informer: Informer; limits: QuotaLimits };
  routers: Routers;
  /** Where users reach the Kubernetes API, and the CA (PEM) of its certificate. */
  endpoint: { server: string; ca?: string };
  loginHistory: LoginHistory;
  /** Whether the Kubernetes API is the embedded one, which knows users by their uid. */
  isEmbedded: boolean;
  /** Image of users' kubectl; undefined when no containers run. */
  kubectlImage?: string;
  /** Namespaces that may connect to isolated ones; undefined where nothing is isolated. */
  networkIsolation?: NetworkIsolationOptions;
  /** Jenkins, and what else DevOps projects need; undefined when none is configured. */
  devops?: DevOpsBackends;
  /** Member clusters; undefined where there are none. */
  memberClusters?: ClusterOptions;
  /** Whether Istio's objects are made of those of KubeSphere. */
  managesMesh: boolean;
  log: Logger;
}

/** Informers that only controllers need, with parsed objects. */
async function openCopies(client: KubeClient) {
  const of = (group: string, version: string, resource: string, kind: string) =>
    new Informer(client, { resource: { group, version, resource }, kind, keepObjects: true });
  const snapshots = 'snapshot.storage.k8s.io';
  const version = await servedVersion(client, snapshots, 'v1beta1');

  return {
    roleBases: of('iam.kubesphere.io', 'v1alpha2', 'rolebases', 'RoleBase'),
    classes: of('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'),
    drivers: of('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver'),
    provisioners: of(
      'storage.kubesphere.io',
      'v1alpha1',
      'provisionercapabilities',
      'ProvisionerCapability',
    ),
    capabilities: of(
      'storage.kubesphere.io',
      'v1alpha1',
      'storageclasscapabilities',
      'StorageClassCapability',
    ),
    snapshotClasses: of(snapshots, version, 'volumesnapshotclasses', 'VolumeSnapshotClass'),
    serviceAccounts: new Informer(client, {
      resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
      kind: 'ServiceAccount',
    }),
  };
}

/** Returns the controllers of the clusters, and of what is propagated to them. */
async function clusterParts(
  dependencies: OptionalDependencies,
  options: ClusterOptions,
  projects: ProjectDependencies,
  log: Logger,
): Promise<OptionalControllers[]> {
  const { clusters } = options;
  const { users } = projects;
  const mode = await federationMode(dependencies.client, options.federation.mode, (message) =>
    log.warn(message),
  );
  const federation = { ...options.federation, mode };

  return [
    clusterControllers(dependencies, { ...options, federation }, projects),
    federationControllers(dependencies, { ...federation, clusters, users }),
  ];
}

/** Starts all controllers and returns a function that stops them. */
export async function startControllers(
  dependencies: ControllerDependencies,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const { client, catalog, users, log } = dependencies;

  // One listener for each informer.
  setMaxListeners(0, signal);

  const copies = await openCopies(client);
  const { roleBases, serviceAccounts, ...ofStorage } = copies;

  for (const copy of Object.values(copies)) {
    copy.start();
  }

  const retired = dependencies.isEmbedded
    ? undefined
    : new Informer(client, {
        resource: CONFIG_MAPS,
        kind: 'ConfigMap',
        namespace: SYSTEM_NAMESPACE,
        labelSelector: RETIRED_LABEL,
        keepObjects: true,
      }).start();

  const kubeconfigs = new Informer(client, {
    resource: CONFIG_MAPS,
    kind: 'ConfigMap',
    namespace: CONTROLS_NAMESPACE,
    // Only their names are needed: no keys are cached.
    redact: ({ data: _data, ...map }) => map,
  }).start();

  const templates = catalog.informerOf('workspacetemplates');
  const workspaces = catalog.informerOf('workspaces');
  const namespaces = catalog.informerOf('namespaces');
  const workspaceRoles = catalog.informerOf('workspaceroles');
  const workspaceRoleBindings = catalog.informerOf('workspacerolebindings');
  const records = catalog.informerOf('loginrecords');
  const jobs = catalog.informerOf('jobs');
  const applications = catalog.informerOf('applications');
  const claims = dependencies.isEmbedded ? catalog.informerOf('persistentvolumeclaims') : undefined;

  const events = new EventRecorder(client, (err) =>
    log.warn({ err }, 'an event cannot be written'),
  );

  const onError: OnFailure = (controller, key, err, about) => {
    log.error({ controller, key, err }, 'a controller failed and will try again');

    if (about) {
      events.record(about, 'Warning', 'ReconcileFailed', `${controller}: ${messageOf(err)}`);
    }
  };

  const optional: OptionalControllers[] = [
    ...(dependencies.networkIsolation
      ? [networkControllers({ client, catalog, events }, dependencies.networkIsolation)]
      : []),
    ...(dependencies.devops
      ? [devopsControllers({ client, catalog, events }, dependencies.devops)]
      : []),
    ...(dependencies.memberClusters
      ? await clusterParts(
          { client, catalog, events },
          dependencies.memberClusters,
          { roleBases, users, onFailure: onError },
          log,
        )
      : []),
    ...(dependencies.managesMesh ? [await meshControllers({ client, catalog, events })] : []),
  ];

  const ofOptional = optional.flatMap(({ informers }) => informers);

  for (const informer of ofOptional) {
    informer.start();
  }

  const awaited = [
    ...Object.values(copies),
    ...ofOptional,
    ...optional.flatMap(({ needs }) => needs),
    templates,
    workspaces,
    records,
    jobs,
    ...(retired ? [retired] : []),
    kubeconfigs,
    applications,
  ];

  await Promise.all(awaited.map((informer) => informer.ready(signal)));

  const groups = catalog.informerOf('groups');
  const groupBindings = catalog.informerOf('groupbindings');
  const globalRoleBindings = catalog.informerOf('globalrolebindings');
  const clusterRoleBindings = catalog.informerOf('clusterrolebindings');
  const roleBindings = catalog.informerOf('rolebindings');

  const bindings = new SubjectBindings(client, {
    globalRoleBindings,
    workspaceRoleBindings,
    clusterRoleBindings,
    roleBindings,
    groupBindings,
  });

  const ofUsers = (
    [
      [GLOBAL_ROLE_BINDINGS, globalRoleBindings],
      [WORKSPACE_ROLE_BINDINGS, workspaceRoleBindings],
      [CLUSTER_ROLE_BINDINGS, clusterRoleBindings],
      [ROLE_BINDINGS, roleBindings],
      [GROUP_BINDINGS, groupBindings],
    ] as const
  ).map(([resource, informer]) =>
    userBindingReconciler(`user-${resource.resource}`, client, resource, {
      bindings,
      informer,
      users,
    }),
  );

  const onIgnored = (role: string, why: string) =>
    log.warn({ role, why }, 'a rego-override of a role allows nothing');

  const reconcilers: Reconciler[] = [
    userReconciler({
      client,
      users,
      hashPassword,
      bindings,
      events,
      revokeSessions: dependencies.revokeSessions,
      // The embedded API identifies users by their uid.
      retireName: async (name) => (dependencies.isEmbedded ? undefined : retireName(client, name)),
    }),
    ...(retired ? [retiredUserReconciler(client, retired)] : []),
    ...ofUsers,
    ...(['globalroles', 'workspaceroles', 'clusterroles', 'roles'] as const).map((resource) =>
      roleOverrideReconciler({
        client,
        roles: catalog.informerOf(resource),
        events,
        check: dependencies.checkOverride,
        onIgnored,
      }),
    ),
    groupReconciler({ client, groups, templates, bindings }),
    groupBindingReconciler({ client, groupBindings, groups, users }),
    workspaceTemplateReconciler({
      client,
      templates,
      workspaces,
      workspaceRoles,
      roleBases,
      users,
      events,
      namespaces,
      placement: dependencies.memberClusters && hostPlacement(dependencies.memberClusters.clusters),
    }),
    workspaceReconciler(client, workspaces),
    workspaceMemberReconciler('workspace-role', client, WORKSPACE_ROLES, workspaceRoles, templates),
    workspaceMemberReconciler(
      'workspace-role-binding',
      client,
      WORKSPACE_ROLE_BINDINGS,
      workspaceRoleBindings,
      templates,
    ),
    workspaceQuotaReconciler({
      client,
      quotas: dependencies.quotas.informer,
      workspaces,
      namespaces,
      namespacesOf: (quota) => dependencies.quotas.limits.namespacesOf(quota),
      usage: (namespace, limits) => dependencies.quotas.limits.usage(namespace, limits),
    }),
    namespaceReconciler({
      client,
      namespaces,
      workspaces,
      roles: catalog.informerOf('roles'),
      roleBases,
      users,
      removeRouter: (project) => dependencies.routers.remove(project),
    }),
    globalRoleBindingReconciler(client, catalog.informerOf('globalrolebindings')),
    kubeconfigReconciler({
      client,
      users,
      maps: kubeconfigs,
      endpoint: dependencies.endpoint,
      makeSigningRequest,
      carriesUid: dependencies.isEmbedded,
    }),
    ...(dependencies.kubectlImage === undefined
      ? []
      : [
          kubectlReconciler({
            client,
            clusterRoleBindings,
            users,
            image: dependencies.kubectlImage,
          }),
        ]),
    jobReconciler(client, jobs),
    capabilityReconciler({ client, ...ofStorage }),
    expansionReconciler({
      client,
      classes: ofStorage.classes,
      claims: () => catalog.informerOf('persistentvolumeclaims'),
      events,
    }),
    // A cluster has its own controller for this.
    ...(claims ? [claimProvisionerReconciler({ client, claims, classes: ofStorage.classes })] : []),
    applicationReconciler({
      client,
      applications,
      componentsOf: (group, kind) => {
        const component = componentKind(group, kind);
        return component && catalog.informerOf(component.resource);
      },
    }),
    serviceAccountRoleReconciler({
      client,
      serviceAccounts,
      roles: catalog.informerOf('roles'),
      roleBindings,
    }),
    loginRecordReconciler(client, records, dependencies.loginHistory),
    ...optional.flatMap((one) => one.reconcilers),
  ];

  const running = reconcilers.map((reconciler) => new Controller(reconciler, onError).start());

  return async () => {
    await Promise.all(running.map((controller) => controller.stop()));

    await Promise.all([
      ...[...Object.values(copies), ...ofOptional].map((copy) => copy.stop()),
      retired?.stop(),
      kubeconfigs.stop(),
      events.stop(),
    ]);
  };
}
