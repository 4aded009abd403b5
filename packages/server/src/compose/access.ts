import { readFile } from 'node:fs/promises';
import { DEVOPS_LABEL } from '@ks-apiserver/api/labels';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { expandsOffline } from '@ks-apiserver/controllers/storage/expansion';
import type { Logger } from 'pino';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import { Authorizer } from '../models/authorization/authorizer.ts';
import { Bindings } from '../models/authorization/bindings/bindings.ts';
import { HeldRoles } from '../models/authorization/bindings/held-roles.ts';
import { OpaServer } from '../models/authorization/opa/opa.ts';
import { isOfHost } from '../models/clusters/host-groups.ts';
import type { Rule } from '../models/gate/attempt.ts';
import { Gate } from '../models/gate/gate.ts';
import { applicationRule } from '../models/gate/rules/applications.ts';
import { claimExpansionRule } from '../models/gate/rules/claim-expansion.ts';
import { devopsProjectRule } from '../models/gate/rules/devops-projects.ts';
import { federatedRule } from '../models/gate/rules/federated.ts';
import { bindingRule, groupRule } from '../models/gate/rules/iam/bindings.ts';
import {
  certificateRule,
  platformKindRule,
  serviceAccountTokenRule,
} from '../models/gate/rules/iam/credentials.ts';
import { roleRule } from '../models/gate/rules/iam/roles.ts';
import { serviceAccountRoleRule } from '../models/gate/rules/iam/service-account-roles.ts';
import { UserRule } from '../models/gate/rules/iam/users.ts';
import { lifecycleRule } from '../models/gate/rules/lifecycle.ts';
import { namespaceRule } from '../models/gate/rules/namespaces.ts';
import { workspaceRule } from '../models/gate/rules/workspaces.ts';
import { WriteReview } from '../models/gate/write-review.ts';
import { Effects } from '../models/iam/grants/effects.ts';
import { GroupRoles } from '../models/iam/grants/group-roles.ts';
import type { Login } from '../models/iam/login/login.ts';
import type { PasswordPolicy } from '../models/iam/passwords/password-policy.ts';
import { Members } from '../models/iam/roles/members.ts';
import { Scopes } from '../models/iam/roles/scopes.ts';
import type { ProviderLinks } from '../models/iam/users/provider-links.ts';
import type { CheckNameIsFree } from '../models/iam/users/retired-names.ts';
import { UserRights } from '../models/iam/users/user-rights.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { QuotaLimits } from '../models/tenant/quota-limits.ts';

/**
 * Returns the OPA server that evaluates modules of roles, if one is configured. Throws a
 * ConfigError for a wrong address or CA.
 */
export async function openPolicyServer(
  { endpoint, timeout, caFile }: Config['authorization']['opa'],
  log: Logger,
): Promise<OpaServer | undefined> {
  if (endpoint === '') {
    return undefined;
  }

  try {
    const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8');
    const onError = (err: unknown) =>
      log.warn({ err }, 'the policy server did not answer: a module allows nothing');
    return new OpaServer({ endpoint, timeoutMs: timeout, ca, onError });
  } catch (error) {
    throw new ConfigError(`authorization.opa: ${messageOf(error)}`);
  }
}

/** Dependencies of authorization; `users` is the informer that keeps password hashes. */
export interface AccessContext {
  config: Config;
  client: KubeClient;
  catalog: Catalog;
  users: Informer;
  /** Evaluates modules of roles, if there is a server for them. */
  overrides: OpaServer | undefined;
}

/** What the authorizer of one cluster is made with. */
export interface AuthorizerContext extends Pick<AccessContext, 'config' | 'catalog' | 'overrides'> {
  /** Bindings of the host, whose global and workspace roles count in a member without KubeSphere. */
  hostBindings?: Bindings;
}

/** Creates the authorizer of one cluster with its indexes of roles and bindings. */
export function openAuthorizer({ config, catalog, overrides, hostBindings }: AuthorizerContext) {
  const bindings = new Bindings(catalog, hostBindings);

  const informers = {
    globalRoles: catalog.informerOf('globalroles'),
    workspaceRoles: catalog.informerOf('workspaceroles'),
    roles: catalog.informerOf('roles'),
    clusterRoles: catalog.informerOf('clusterroles'),
    namespaces: catalog.informerOf('namespaces'),
    devopsProjects: catalog.informerOf('devopsprojects'),
  };

  const held = new HeldRoles(informers, bindings);
  const authorizer = new Authorizer(config.authorization.mode, held, {
    overrides,
    ...(hostBindings && { isOfHost }),
  });

  return { bindings, held, authorizer };
}

/** Creates scopes of roles and members for an authorizer. The catalog must have started. */
export function openAccess(
  { bindings, held, authorizer }: ReturnType<typeof openAuthorizer>,
  { client, catalog, users }: Pick<AccessContext, 'client' | 'catalog' | 'users'>,
) {
  const scopes = new Scopes(catalog, bindings, (project) => held.adminNamespaceOf(project));
  const members = new Members(client, scopes, users);
  const groupRoles = new GroupRoles(scopes, bindings, authorizer);
  const effects = new Effects(authorizer, bindings, scopes, groupRoles);
  const rights = new UserRights(authorizer, scopes, bindings, groupRoles);

  return {
    authorizer,
    bindings,
    scopes,
    members,
    groupRoles,
    effects,
    rights,
    adminNamespaceOf: (project: string) => held.adminNamespaceOf(project),
    isDevOpsNamespace: (namespace: string) => {
      const labels = catalog.informerOf('namespaces').store.get(namespace)?.labels;
      return labels !== undefined && DEVOPS_LABEL in labels;
    },
  };
}

/** Dependencies of the gate. */
export interface GateContext {
  client: KubeClient;
  quotaLimits: QuotaLimits;
  login: Login;
  passwords: PasswordPolicy;
  links: ProviderLinks;
  revokeSessions: (username: string) => Promise<void>;
  checkNameIsFree: CheckNameIsFree;
}

/**
 * Creates the gate with every rule about what a write grants. A kind that gives rights must have a
 * rule here: without one its writes are not reviewed.
 */
export function openGate(access: ReturnType<typeof openAccess>, context: GateContext) {
  const { authorizer, scopes, members, groupRoles, effects, rights } = access;
  const { client, quotaLimits, login, passwords, links, revokeSessions, checkNameIsFree } = context;

  const userRule = new UserRule({
    authorizer,
    rights,
    members,
    login,
    passwords,
    links,
    revokeSessions,
    checkNameIsFree,
  });

  /** Objects on which rights depend: who may change their owners and finalizers matters too. */
  const rulesOfRights: readonly Rule[] = [
    userRule,
    roleRule(authorizer, scopes),
    bindingRule(authorizer, scopes),
    groupRule(groupRoles),
    namespaceRule(authorizer, scopes),
    workspaceRule(authorizer, scopes),
    devopsProjectRule(authorizer, scopes),
  ];

  const withLifecycle = new Set(rulesOfRights.flatMap(({ resources }) => [...resources]));

  const rulesOfKinds: readonly Rule[] = [
    ...rulesOfRights,
    certificateRule(authorizer),
    applicationRule(authorizer),
    claimExpansionRule(authorizer, client, expandsOffline),
    serviceAccountRoleRule(authorizer, scopes),
    serviceAccountTokenRule(rights),
    platformKindRule(authorizer),
    lifecycleRule(authorizer, withLifecycle),
  ];

  const rules = [...rulesOfKinds, federatedRule(authorizer, rulesOfKinds)];

  const review = new WriteReview(authorizer, quotaLimits, rules);
  const { isDevOpsNamespace } = access;
  const gate = new Gate({ client, authorizer, review, effects, scopes, isDevOpsNamespace });

  /** Checks that a name that was not created as a User has no rights. Throws Forbidden. */
  const claimName = async (name: string) => {
    // The name's own bindings are not looked at: these are the rights in question.
    rights.checkName({ name: '', groups: [] }, name);
    await checkNameIsFree(name);
    await userRule.removeLeftOver(name);
  };

  return { gate, claimName };
}
