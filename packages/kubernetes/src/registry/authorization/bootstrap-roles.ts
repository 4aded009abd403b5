/** A ClusterRole that every cluster has. */
export interface BootstrapRole {
  name: string;
  /**
   * Roles that aggregate these rules, by the suffix of the label
   * `rbac.authorization.k8s.io/aggregate-to-`.
   */
  aggregateTo?: string;
  /** The role whose rules are those of all roles that aggregate to it. */
  aggregated?: true;
  /**
   * One rule a line: verbs, groups (`core` for the core group) or `URL`, resources or paths, names.
   */
  rules: string;
}

/**
 * Rules of the default ClusterRoles (Kubernetes "Using RBAC Authorization", "Default roles and role
 * bindings", 1.36).
 */
export const BOOTSTRAP_ROLES: readonly BootstrapRole[] = [
  {
    name: 'cluster-admin',
    rules: `
* * *
* URL *`,
  },
  {
    name: 'admin',
    aggregated: true,
    rules: '',
  },
  {
    name: 'edit',
    aggregateTo: 'admin',
    aggregated: true,
    rules: '',
  },
  {
    name: 'view',
    aggregateTo: 'edit',
    aggregated: true,
    rules: '',
  },
  {
    name: 'system:aggregate-to-admin',
    aggregateTo: 'admin',
    rules: `
create authorization.k8s.io localsubjectaccessreviews
create,delete,deletecollection,get,list,patch,update,watch rbac.authorization.k8s.io rolebindings,roles`,
  },
  {
    name: 'system:aggregate-to-edit',
    aggregateTo: 'edit',
    rules: `
get,list,watch core pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
impersonate core serviceaccounts
create,delete,deletecollection,patch,update core pods,pods/attach,pods/exec,pods/portforward,pods/proxy
create core pods/eviction
create,delete,deletecollection,patch,update core configmaps,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
create core serviceaccounts/token
create,delete,deletecollection,patch,update core,events.k8s.io events
create,delete,deletecollection,patch,update apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
create,delete,deletecollection,patch,update autoscaling horizontalpodautoscalers
create,delete,deletecollection,patch,update batch cronjobs,jobs
create,delete,deletecollection,patch,update extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
create,delete,deletecollection,patch,update policy poddisruptionbudgets
create,delete,deletecollection,patch,update networking.k8s.io ingresses,networkpolicies
create,delete,deletecollection,get,list,patch,update,watch coordination.k8s.io leases
create,delete,deletecollection,patch,update resource.k8s.io resourceclaims,resourceclaimtemplates`,
  },
  {
    name: 'system:aggregate-to-view',
    aggregateTo: 'view',
    rules: `
get,list,watch core configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
get,list,watch core bindings,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
get,list,watch core namespaces
get,list,watch core,events.k8s.io events
get,list,watch discovery.k8s.io endpointslices
get,list,watch apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
get,list,watch autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
get,list,watch batch cronjobs,cronjobs/status,jobs,jobs/status
get,list,watch extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale
get,list,watch policy poddisruptionbudgets,poddisruptionbudgets/status
get,list,watch networking.k8s.io ingresses,ingresses/status,networkpolicies
get,list,watch resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates`,
  },
  {
    name: 'system:auth-delegator',
    rules: `
create authentication.k8s.io tokenreviews
create authorization.k8s.io subjectaccessreviews`,
  },
  {
    name: 'system:basic-user',
    rules: `
create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
create authentication.k8s.io selfsubjectreviews`,
  },
  {
    name: 'system:discovery',
    rules: `
get URL /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/`,
  },
  {
    name: 'system:public-info-viewer',
    rules: `
get URL /healthz,/livez,/readyz,/version,/version/`,
  },
  {
    name: 'system:monitoring',
    rules: `
get URL /flagz,/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*,/statusz
get core nodes/metrics`,
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: `
get URL /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/`,
  },
  {
    name: 'system:node-proxier',
    rules: `
list,watch core endpoints,services
get,list,watch core nodes
create,patch,update core,events.k8s.io events
list,watch networking.k8s.io servicecidrs
list,watch discovery.k8s.io endpointslices`,
  },
  {
    name: 'system:node-bootstrapper',
    rules: `
create,get,list,watch certificates.k8s.io certificatesigningrequests`,
  },
  {
    name: 'system:node-problem-detector',
    rules: `
get core nodes
patch core nodes/status
create,patch,update core,events.k8s.io events`,
  },
  {
    name: 'system:kubelet-api-admin',
    rules: `
get,list,watch core nodes
proxy core nodes
* core nodes/log,nodes/metrics,nodes/proxy,nodes/stats
* core nodes/configz,nodes/healthz,nodes/pods`,
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: `
create,delete,get,list,watch core persistentvolumes
get,list,update,watch core persistentvolumeclaims
get,list,watch storage.k8s.io storageclasses
watch core events
create,patch,update core,events.k8s.io events`,
  },
  {
    name: 'system:kube-dns',
    rules: `
list,watch core endpoints,services`,
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: `
create certificates.k8s.io certificatesigningrequests/nodeclient`,
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: `
create certificates.k8s.io certificatesigningrequests/selfnodeclient`,
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-approver',
    rules: `
approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client`,
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver',
    rules: `
approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet`,
  },
  {
    name: 'system:certificates.k8s.io:kubelet-serving-approver',
    rules: `
approve certificates.k8s.io signers kubernetes.io/kubelet-serving`,
  },
  {
    name: 'system:certificates.k8s.io:legacy-unknown-approver',
    rules: `
approve certificates.k8s.io signers kubernetes.io/legacy-unknown`,
  },
];

/**
 * Names of the default ClusterRoleBindings, the role that each refers to, and its subjects
 * (`Group:` or `User:`).
 */
export const BOOTSTRAP_BINDINGS: readonly (readonly [name: string, subjects: readonly string[]])[] =
  [
    ['cluster-admin', ['Group:system:masters']],
    ['system:basic-user', ['Group:system:authenticated']],
    ['system:discovery', ['Group:system:authenticated']],
    ['system:public-info-viewer', ['Group:system:authenticated', 'Group:system:unauthenticated']],
    ['system:monitoring', ['Group:system:monitoring']],
    ['system:service-account-issuer-discovery', ['Group:system:serviceaccounts']],
    ['system:node-proxier', ['User:system:kube-proxy']],
  ];
