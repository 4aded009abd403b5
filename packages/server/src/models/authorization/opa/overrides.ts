import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

/** Annotation of a role with a Rego module that decides in addition to the role's rules. */
export const REGO_OVERRIDE = 'iam.kubesphere.io/rego-override';

/** Returns the module of a role; of a RoleBase, that of the role in it. */
export function overrideOf(role: KubeObject | undefined): string | undefined {
  const holder: KubeObject | undefined = role?.kind === 'RoleBase' ? role.role : role;
  const module = holder?.metadata?.annotations?.[REGO_OVERRIDE];
  return module === undefined || module.trim() === '' ? undefined : module;
}

/** Returns a module's input, with 3.0's names. */
export function overrideInput(user: UserInfo, info: RequestInfo): object {
  return {
    User: { Name: user.name, UID: user.uid ?? '', Groups: user.groups, Extra: user.extra ?? null },
    Verb: info.verb,
    Cluster: info.cluster,
    Workspace: info.workspace,
    Namespace: info.namespace,
    DevOps: info.devops,
    APIGroup: info.group,
    APIVersion: info.version,
    Resource: info.resource,
    Subresource: info.subresource,
    Name: info.name,
    KubernetesRequest: info.isKubernetes,
    ResourceRequest: info.isResource,
    Path: info.path,
    ResourceScope: info.scope,
  };
}
