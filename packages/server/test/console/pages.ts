// Calls of the pages of the console of KubeSphere 3.0, for groups that this server has: one entry
// per page.
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const TENANT = '/kapis/tenant.kubesphere.io/v1alpha2';
const LISTS = '/kapis/resources.kubesphere.io/v1alpha3';
const OLD = '/kapis/resources.kubesphere.io/v1alpha2';
const MESH = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces';
const OBJECTS = '/apis/servicemesh.kubesphere.io/v1alpha2/namespaces';
const CONFIG = '/kapis/config.kubesphere.io/v1alpha2/configs';

/** Lists of a page show the newest first, ten at a time. */
const NEWEST = 'sortBy=createTime&limit=10';
const CHANGED = 'sortBy=updateTime&limit=10';
const STARTED = 'sortBy=startTime&limit=10';
const ALL = 'limit=-1&sortBy=createTime&page=1';
const OWN_ROLES = 'annotation=kubesphere.io%2Fcreator';
const ROLE_TEMPLATES = 'label=iam.kubesphere.io/role-template=true';
const NO_DEVOPS = '%21kubesphere.io%2Fkubefed-host-namespace%2C%21kubesphere.io%2Fdevopsproject';

/** Calls by the name of their page. */
export type Pages = Readonly<Record<string, readonly string[]>>;

/** Calls of the console's server before every page. */
export const anyPage = (user: string): readonly string[] => [
  `GET ${IAM}/users/${user}`,
  `GET ${IAM}/users/${user}/globalroles`,
  `GET ${TENANT}/workspaces?limit=10`,
  `GET ${CONFIG}/configz`,
];

/** The log-in page, without a user. */
export const LOG_IN = [`GET ${CONFIG}/oauth`];

/** Watched kinds that have a page of their own, of a cluster and of a project. */
const WATCHED: Readonly<Record<string, readonly [watch: string, sorting: string]>> = {
  deployments: ['/apis/apps/v1/watch', CHANGED],
  statefulsets: ['/apis/apps/v1/watch', NEWEST],
  daemonsets: ['/apis/apps/v1/watch', NEWEST],
  jobs: ['/apis/batch/v1/watch', CHANGED],
  cronjobs: ['/apis/batch/v1beta1/watch', NEWEST],
  pods: ['/api/v1/watch', STARTED],
  services: ['/api/v1/watch', NEWEST],
  ingresses: ['/apis/extensions/v1beta1/watch', NEWEST],
  secrets: ['/api/v1/watch', NEWEST],
  configmaps: ['/api/v1/watch', NEWEST],
  persistentvolumeclaims: ['/api/v1/watch', NEWEST],
};

/** The list pages of a cluster's objects or, with a project, of the project's. */
function listPages(scope: string, project = ''): Pages {
  const below = project === '' ? '' : `/namespaces/${project}`;

  return Object.fromEntries(
    Object.entries(WATCHED).map(([kind, [watch, sorting]]) => [
      `${scope}: ${kind}`,
      [`GET ${LISTS}${below}/${kind}?${sorting}`, `WS ${watch}${below}/${kind}`],
    ]),
  );
}

/** The pages of a cluster, for users who may see it. */
export const clusterPages = (user: string): Pages => ({
  'cluster: overview': [
    `GET ${IAM}/clustermembers/${user}/clusterroles`,
    `GET ${LISTS}/namespaces?labelSelector=${NO_DEVOPS}&${NEWEST}`,
    `GET ${OLD}/components`,
    `GET ${OLD}/componenthealth`,
    'GET /kapis/version',
  ],
  'cluster: nodes': [
    `GET ${LISTS}/nodes?${NEWEST}`,
    `GET ${LISTS}/nodes?labelSelector=node-role.kubernetes.io%2Fmaster%3D`,
    `GET ${LISTS}/nodes?name=sim&${NEWEST}`,
  ],
  'cluster: projects': [
    `GET ${LISTS}/namespaces?${NEWEST}&labelSelector=kubesphere.io%2Fworkspace%21%3Dsystem-workspace%2C${NO_DEVOPS}`,
    `GET ${LISTS}/namespaces?${NEWEST}&labelSelector=kubesphere.io%2Fworkspace%3Dsystem-workspace`,
    'WS /api/v1/watch/namespaces',
  ],
  ...listPages('cluster'),
  'cluster: filters': [
    `GET ${LISTS}/deployments?status=running&${CHANGED}`,
    `GET ${LISTS}/deployments?status=stopped&${CHANGED}`,
    `GET ${LISTS}/pods?sortBy=name&ascending=true&limit=10`,
    `GET ${LISTS}/pods?page=2&limit=10&sortBy=startTime`,
    `GET ${LISTS}/secrets?type=Opaque&${NEWEST}`,
    `GET ${LISTS}/customresourcedefinitions?page=3&${NEWEST}`,
  ],
  'cluster: custom resources': [
    `GET ${LISTS}/customresourcedefinitions?${NEWEST}`,
    'GET /apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions/users.iam.kubesphere.io',
  ],
  'cluster: storage': [
    `GET ${LISTS}/storageclasses?${NEWEST}`,
    `GET ${LISTS}/volumesnapshots?${NEWEST}`,
    'WS /apis/storage.k8s.io/v1/watch/storageclasses',
  ],
  'cluster: network policies': [
    `GET ${LISTS}/networkpolicies?${NEWEST}`,
    'WS /apis/networking.k8s.io/v1/watch/networkpolicies',
  ],
  'cluster: members and roles': [
    `GET ${IAM}/clustermembers?${NEWEST}`,
    `GET ${IAM}/clusterroles?${ALL}&${OWN_ROLES}`,
    `GET ${IAM}/clusterroles?${ROLE_TEMPLATES}`,
  ],
  'cluster: component': [
    `GET ${OLD}/components/ks-apiserver`,
    'GET /api/v1/namespaces/kubesphere-system/services/ks-apiserver',
    `GET ${LISTS}/namespaces/kubesphere-system/pods?limit=10&labelSelector=app%3Dks-apiserver%2Ctier%3Dbackend&sortBy=startTime`,
    'WS /api/v1/watch/namespaces/kubesphere-system/pods?labelSelector=app=ks-apiserver,tier=backend',
  ],
  'cluster: kubectl': [
    `GET ${OLD}/users/${user}/kubeconfig`,
    'GET /apis/cluster.kubesphere.io/v1alpha1/clusters',
  ],
});

/** The pages of users, workspaces and roles of the platform. */
export const accessPages = (user: string): Pages => ({
  'access: workspaces': [`GET ${TENANT}/workspaces?${NEWEST}`],
  'access: accounts': [
    `GET ${IAM}/users?${NEWEST}`,
    'WS /apis/iam.kubesphere.io/v1alpha2/watch/users',
  ],
  'access: account': [`GET ${IAM}/users/${user}/loginrecords?limit=10`],
  'access: roles': [
    `GET ${IAM}/globalroles?${NEWEST}&${OWN_ROLES}`,
    `GET ${IAM}/globalroles?${ALL}&${OWN_ROLES}`,
    `GET ${IAM}/globalroles?${ROLE_TEMPLATES}`,
    `GET ${IAM}/globalroles/platform-admin`,
  ],
});

/** The pages of a workspace that each of its members sees. */
export const workspacePages = (user: string, workspace: string): Pages => ({
  'workspace: overview': [
    `GET ${TENANT}/workspaces/${workspace}`,
    `GET ${IAM}/workspaces/${workspace}/workspacemembers/${user}/workspaceroles`,
  ],
  'workspace: projects': [
    `GET ${TENANT}/workspaces/${workspace}/namespaces?labelSelector=kubefed.io%2Fmanaged%21%3Dtrue%2C%20kubesphere.io%2Fkubefed-host-namespace%21%3Dtrue&${NEWEST}`,
    `WS /api/v1/watch/namespaces?labelSelector=kubesphere.io/workspace=${workspace}`,
    `GET ${TENANT}/workspaces/${workspace}/federatednamespaces?${NEWEST}`,
    `GET ${TENANT}/workspaces/${workspace}/devops?limit=10`,
    `GET ${TENANT}/workspaces/${workspace}/clusters`,
  ],
});

/** The pages for users who see a workspace's members and roles. */
export const workspaceAccessPages = (workspace: string): Pages => ({
  'workspace: members': [
    `GET ${IAM}/workspaces/${workspace}/workspacemembers?${NEWEST}`,
    `GET ${IAM}/workspaces/${workspace}/workspacemembers?${ALL}`,
  ],
  'workspace: roles': [
    `GET ${IAM}/workspaces/${workspace}/workspaceroles?${NEWEST}&${OWN_ROLES}`,
    `GET ${IAM}/workspaces/${workspace}/workspaceroles?${ALL}&${OWN_ROLES}`,
    `GET ${IAM}/workspaces/${workspace}/workspaceroles?${ROLE_TEMPLATES}`,
  ],
});

/** The pages of a project. */
export const projectPages = (user: string, workspace: string, project: string): Pages => {
  const core = `/api/v1/namespaces/${project}`;
  const lists = `${LISTS}/namespaces/${project}`;

  return {
    'project: overview': [
      `GET ${TENANT}/workspaces/${workspace}/namespaces/${project}`,
      `GET ${IAM}/workspaces/${workspace}/workspacemembers/${user}/workspaceroles`,
      `GET ${IAM}/namespaces/${project}/members/${user}/roles`,
      `GET ${OLD}/namespaces/${project}/quotas`,
      `GET ${OLD}/namespaces/${project}/abnormalworkloads`,
      `GET ${core}/resourcequotas?workspace=${workspace}`,
      `GET ${core}/limitranges?workspace=${workspace}`,
    ],
    'project: applications': [
      `GET ${lists}/applications?${NEWEST}`,
      `WS /apis/app.k8s.io/v1beta1/watch/namespaces/${project}/applications`,
    ],
    ...listPages('project', project),
    'project: snapshots': [`GET ${lists}/volumesnapshots?${NEWEST}`],
    'project: image builders': [`GET ${lists}/s2ibuilders?${NEWEST}`],
    'project: form of a workload': [
      `GET ${core}/configmaps`,
      `GET ${core}/secrets`,
      `GET ${core}/limitranges`,
      `GET ${core}/secrets?fieldSelector=type%3Dkubernetes.io%2Fdockerconfigjson`,
      `GET ${lists}/persistentvolumeclaims?${ALL}`,
      `GET /apis/apps/v1/namespaces/${project}/deployments?labelSelector=app%3Dweb`,
    ],
    'project: traffic management': [
      `GET ${MESH}/${project}/graph?duration=60s&graphType=versionedApp&injectServiceNodes=true&groupBy=app&appenders=deadNode,sidecarsCheck,serviceEntry,istio,responseTime`,
      `GET ${MESH}/${project}/health?rateInterval=60s&type=app`,
      `GET ${MESH}/${project}/health?rateInterval=60s&type=service`,
      `GET ${MESH}/${project}/health?rateInterval=60s&type=workload`,
      `GET ${MESH}/${project}/apps/web/metrics?duration=60&step=20&rateInterval=20s&filters[]=request_count&filters[]=request_duration&quantiles[]=0.95&direction=inbound&reporter=destination`,
      `GET ${OBJECTS}/${project}/servicepolicies?labelSelector=app%3Dweb`,
    ],
    'project: grayscale releases': [
      `GET ${OBJECTS}/${project}/strategies?labelSelector=app.kubernetes.io%2Fversion%3Dv1%2Capp.kubernetes.io%2Fname%3Dshop`,
    ],
    'project: network isolation': [
      `GET /apis/network.kubesphere.io/v1alpha1/namespaces/${project}/namespacenetworkpolicies?workspace=${workspace}&limit=-1`,
      `GET ${lists}/services?${ALL}`,
    ],
  };
};

/** The pages for users who see a project's members and roles. */
export const projectAccessPages = (project: string): Pages => ({
  'project: members': [
    `GET ${IAM}/namespaces/${project}/members?${NEWEST}`,
    `GET ${IAM}/namespaces/${project}/members?${ALL}`,
  ],
  'project: roles': [
    `GET ${IAM}/namespaces/${project}/roles?${NEWEST}&${OWN_ROLES}`,
    `GET ${IAM}/namespaces/${project}/roles?${ALL}&${OWN_ROLES}`,
    `GET ${IAM}/namespaces/${project}/roles?${ROLE_TEMPLATES}`,
  ],
});

/** The page of a Deployment `web` with its pods, as `formsOf` makes them. */
export const workloadPages = (project: string): Pages => ({
  'project: deployment': [
    `GET /apis/apps/v1/namespaces/${project}/deployments/web`,
    `GET ${LISTS}/namespaces/${project}/pods?limit=10&ownerKind=ReplicaSet&labelSelector=app%3Dweb&sortBy=startTime`,
    `GET /apis/autoscaling/v2beta2/namespaces/${project}/horizontalpodautoscalers/web`,
    `GET /apis/apps/v1/namespaces/${project}/replicasets?labelSelector=app=web`,
    `GET /api/v1/namespaces/${project}/events?fieldSelector=involvedObject.name%3Dweb%2CinvolvedObject.namespace%3D${project}%2CinvolvedObject.kind%3DDeployment`,
    `WS /api/v1/watch/namespaces/${project}/pods?labelSelector=app=web`,
    `WS /apis/apps/v1/watch/namespaces/${project}/deployments/web`,
  ],
  'project: service': [
    `GET /api/v1/namespaces/${project}/services/web`,
    `GET /api/v1/namespaces/${project}/endpoints/web`,
    `GET ${LISTS}/namespaces/${project}/pods?limit=10&labelSelector=app%3Dweb&sortBy=startTime`,
  ],
  'project: stateful set': [
    `GET /apis/apps/v1/namespaces/${project}/statefulsets/db`,
    `GET ${LISTS}/namespaces/${project}/pods?limit=10&ownerKind=StatefulSet&labelSelector=app%3Ddb&sortBy=startTime`,
    `WS /apis/apps/v1/watch/namespaces/${project}/statefulsets/db`,
  ],
  'project: jobs and routes': [
    `GET /apis/batch/v1beta1/namespaces/${project}/cronjobs/tick`,
    `GET /apis/batch/v1/namespaces/${project}/jobs/once`,
    `GET /apis/extensions/v1beta1/namespaces/${project}/ingresses/route`,
  ],
  'project: configuration': [
    `GET /api/v1/namespaces/${project}/configmaps/conf`,
    `GET /api/v1/namespaces/${project}/secrets/sec`,
    `GET /api/v1/namespaces/${project}/persistentvolumeclaims/data`,
    `GET ${LISTS}/namespaces/${project}/pods?limit=10&pvcName=data&sortBy=startTime`,
  ],
});

/**
 * Further calls of the pages of the console of KubeSphere 3.4 for data that nothing here provides.
 */
export const laterPages = (user: string, workspace: string, project: string): Pages => ({
  '3.4: any': [
    `GET ${TENANT.replace('v1alpha2', 'v1alpha3')}/workspacetemplates?${NEWEST}`,
    'GET /api/v1/nodes',
    `GET ${CONFIG}/gpu/kinds`,
    'GET /api/v1/namespaces/kubesphere-system/configmaps/kubesphere-config',
  ],
  '3.4: roles': [
    `GET ${IAM}/globalroles?labelSelector=iam.kubesphere.io/role-template`,
    `GET ${IAM}/workspaces/${workspace}/workspaceroles?labelSelector=iam.kubesphere.io/role-template`,
    `GET ${IAM}/namespaces/${project}/roles?labelSelector=iam.kubesphere.io/role-template`,
  ],
  '3.4: departments': [
    `GET ${IAM}/workspaces/${workspace}/groups?${NEWEST}`,
    `GET ${IAM}/workspaces/${workspace}/groupbindings`,
    `GET ${IAM}/users?notingroup=none`,
  ],
  '3.4: volumes': [
    `GET ${LISTS}/persistentvolumes?${NEWEST}`,
    `GET ${LISTS}/volumesnapshotclasses?${NEWEST}`,
    `GET ${LISTS}/volumesnapshotcontents?${NEWEST}`,
    `GET ${LISTS}/ippools?${NEWEST}`,
  ],
  '3.4: service accounts': [
    `GET ${LISTS}/namespaces/${project}/serviceaccounts?${NEWEST}`,
    `GET /api/v1/namespaces/${project}/serviceaccounts`,
  ],
  '3.4: gateways': [
    'GET /kapis/gateway.kubesphere.io/v1alpha1/gateways',
    `GET /kapis/gateway.kubesphere.io/v1alpha1/namespaces/${project}/gateways`,
  ],
  '3.4: alerts': [
    'GET /kapis/alerting.kubesphere.io/v2beta1/clusterrulegroups',
    `GET /kapis/alerting.kubesphere.io/v2beta1/namespaces/${project}/alerts`,
  ],
  '3.4: notification': [
    'GET /kapis/notification.kubesphere.io/v2beta2/receivers',
    'GET /kapis/notification.kubesphere.io/v2beta2/configs',
    'GET /kapis/notification.kubesphere.io/v2beta1/secrets',
  ],
  '3.4: dashboards': [
    `GET ${LISTS}/clusterdashboards?${NEWEST}`,
    `GET ${LISTS}/namespaces/${project}/dashboards`,
  ],
  '3.4: account': [`GET ${IAM}/users/${user}/loginrecords?${NEWEST}`],
});
