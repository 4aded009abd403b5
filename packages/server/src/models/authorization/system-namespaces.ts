import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RuleAttributes } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { HeldRole, Place } from './bindings/held-roles.ts';
import { isApiTokenCaller } from './restrictions/api-tokens.ts';
import { ALL_RIGHTS, isCovered, rulesOf } from './rights.ts';

/**
 * Namespaces that hold credentials of the platform: this server's keys and sessions, users'
 * kubeconfigs, ServiceAccounts that may do everything.
 */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  'kubesphere-system',
  'kubesphere-controls-system',
]);

/** Those of them that hold users' certificates and this server's keys. */
export const CREDENTIAL_NAMESPACES: ReadonlySet<string> = new Set([
  'kubesphere-system',
  'kubesphere-controls-system',
]);

/** The workspace of the platform's own namespaces. */
export const SYSTEM_WORKSPACE = 'system-workspace';

const READS = new Set(['get', 'list', 'watch']);

/** Resources that hold credentials. */
const HOLDERS = new Set(['secrets', 'configmaps']);

/** Subresources that reach into a running container, also by GET. */
const ENTRANCES = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request, or a right of a role, which may hold wildcards. */
type Attributes = RuleAttributes & { namespace?: string };

function includes(set: ReadonlySet<string>, value: string): boolean {
  return value === '*' || set.has(value);
}

/** Whether a request reads resources that hold credentials, in all namespaces. */
export function readsAllCredentials({ namespace, resource, verb }: Attributes): boolean {
  return namespace === '' && HOLDERS.has(resource) && READS.has(verb);
}

/**
 * Whether a request, made in a namespace of the platform, takes over the platform: any write,
 * reading credentials, entering a container.
 */
export function isSensitive({ resource, subresource, verb }: RuleAttributes): boolean {
  return !READS.has(verb) || includes(HOLDERS, resource) || includes(ENTRANCES, subresource);
}

/**
 * Whether who may make a request takes over the platform by it. The kubelet's own API enters the
 * containers of all namespaces.
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
 * Whether a request by an API token reads or makes credentials of the platform: a token acts as its
 * owner, but gets no others.
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
 * platform or of the cluster that allows everything: a role given in the namespace itself, or in
 * its workspace, would otherwise give the whole platform with the credentials that are kept there.
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
