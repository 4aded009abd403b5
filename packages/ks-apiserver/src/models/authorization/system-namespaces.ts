import type { RuleAttributes } from '@ks-apiserver/apiserver/authorization/rules';
import type { HeldRole } from './held-roles.ts';
import { ALL_RIGHTS, isCovered, rulesOf } from './rights.ts';

/** Namespaces that hold credentials of the platform: this server's keys and sessions, users' kubeconfigs, ServiceAccounts that may do everything. */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  'kubesphere-system',
  'kubesphere-controls-system',
]);

const READS = new Set(['get', 'list', 'watch']);
/** What credentials are kept in. */
const HOLDERS = new Set(['secrets', 'configmaps']);
/** What gives a hold of a running container, though it is a GET. */
const ENTRANCES = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request as far as it is looked at here. */
type Attributes = RuleAttributes & { namespace?: string };

/** Whether a request reads what credentials are kept in, in all namespaces. */
export function readsAllCredentials({ namespace, resource, verb }: Attributes): boolean {
  return namespace === '' && HOLDERS.has(resource) && READS.has(verb);
}

/** Whether who may make this request holds the whole platform by it. */
function endangersPlatform({ namespace = '', resource, subresource, verb }: Attributes): boolean {
  if (!SYSTEM_NAMESPACES.has(namespace)) return false;
  return !READS.has(verb) || HOLDERS.has(resource) || ENTRANCES.has(subresource);
}

/**
 * Whether a role counts for a request in a system namespace. A global role that does not allow everything, like 3.0's
 * workspaces-manager, would otherwise allow everything by what it finds there.
 */
export function countsInSystem({ level, role }: HeldRole, attributes: Attributes): boolean {
  if (level !== 'global' || !endangersPlatform(attributes)) return true;
  return ALL_RIGHTS.every((right) => isCovered(right, rulesOf(role)));
}
