import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RuleAttributes } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { HeldRole, Place } from './bindings/held-roles.ts';
import {
  CREDENTIAL_NAMESPACES,
  SYSTEM_NAMESPACES,
  SYSTEM_WORKSPACE,
} from './platform-namespaces.ts';
import { isApiTokenCaller } from './restrictions/api-tokens.ts';
import { ALL_RIGHTS, isCovered, rulesOf } from './rights.ts';

const READS = new Set(['get', 'list', 'watch']);

/** Resources that hold credentials. */
const CREDENTIAL_RESOURCES = new Set(['secrets', 'configmaps']);

/** Subresources that reach into a running container, also by GET. */
const CONTAINER_SUBRESOURCES = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request, or a right of a role, which may hold wildcards. */
type Attributes = RuleAttributes & { namespace?: string };

function includes(set: ReadonlySet<string>, value: string): boolean {
  return value === '*' || set.has(value);
}

/** Whether a request reads resources that hold credentials, in all namespaces. */
export function readsAllCredentials({ namespace, resource, verb }: Attributes): boolean {
  return namespace === '' && CREDENTIAL_RESOURCES.has(resource) && READS.has(verb);
}

/**
 * Whether a request in a namespace of the platform can take over the platform: any write, reading
 * credentials, entering a container.
 */
export function isSensitive({ resource, subresource, verb }: RuleAttributes): boolean {
  return (
    !READS.has(verb) ||
    includes(CREDENTIAL_RESOURCES, resource) ||
    includes(CONTAINER_SUBRESOURCES, subresource)
  );
}

/**
 * Whether a caller who may make a request can take over the platform by it. The kubelet's own API
 * enters the containers of all namespaces.
 */
export function endangersPlatform(attributes: Attributes): boolean {
  if (attributes.resource === 'nodes' && attributes.subresource === 'proxy') {
    return true;
  }

  return SYSTEM_NAMESPACES.has(attributes.namespace ?? '') && isSensitive(attributes);
}

const everything = new WeakMap<KubeObject, boolean>();

/** Whether the rules of a role allow everything. */
export function allowsEverything(role: KubeObject | undefined): boolean {
  if (!role) {
    return false;
  }

  let known = everything.get(role);
  if (known === undefined) {
    const rules = rulesOf(role);
    known = ALL_RIGHTS.every((right) => isCovered(right, rules));
    everything.set(role, known);
  }

  return known;
}

/**
 * Whether a request by an API token reads or makes credentials of the platform. A token acts as its
 * owner, but gets no other credentials.
 */
export function isKeptFromApiTokens(caller: UserInfo, attributes: Attributes): boolean {
  return (
    CREDENTIAL_NAMESPACES.has(attributes.namespace ?? '') &&
    isSensitive(attributes) &&
    isApiTokenCaller(caller)
  );
}

/**
 * Whether a role counts for a request. Sensitive requests in a system namespace need a role of the
 * platform or the cluster that allows everything: a role that is bound in the namespace itself, or
 * in its workspace, would otherwise give the whole platform with the credentials that are kept
 * there.
 */
export function countsInSystem(
  { level, role }: HeldRole,
  attributes: Attributes,
  { workspace }: Place,
): boolean {
  if (
    level === 'workspace' &&
    workspace === SYSTEM_WORKSPACE &&
    attributes.namespace &&
    isSensitive(attributes)
  ) {
    return false;
  }

  if (!endangersPlatform(attributes)) {
    return true;
  }

  return (level === 'global' || level === 'cluster') && allowsEverything(role);
}
