import type { PolicyRule, RuleAttributes } from '@ks-apiserver/apimachinery/rbac/rules';
import type { HeldRole } from './bindings/held-roles.ts';
import type { OverridePolicy } from './opa/opa.ts';

/** Whether roles decide, or everything is allowed or denied. */
export type AuthorizationMode = 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny';

/**
 * Why a call is allowed: the server's mode, a path that is open to everybody, the built-in policy
 * for users, or a rule of a role.
 */
export type Reason =
  | 'always-allow'
  | 'public-path'
  | 'self-service'
  | { held: HeldRole; rule: PolicyRule };

/** What tells whether a resource is kept by the host and not by the cluster itself. */
export type HostAttributes = Pick<RuleAttributes, 'group' | 'resource'>;

/** How calls are decided besides rules. */
export interface AuthorizerOptions {
  /** Evaluates modules in annotations of roles; without it they allow nothing. */
  overrides?: OverridePolicy | undefined;
  /**
   * Tells what a member cluster shows of its host: roles of the member itself, which its own
   * administrators can write, give no rights to that.
   */
  isOfHost?: (attributes: HostAttributes) => boolean;
}

/** What a rule is asked about, and in which namespace. */
export type Attributes = RuleAttributes & { namespace?: string };
