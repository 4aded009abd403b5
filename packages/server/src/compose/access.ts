import { readFile } from 'node:fs/promises';
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
import type { Rule } from '../models/gate/attempt.ts';
import { Gate } from '../models/gate/gate.ts';
import { ApplicationRule } from '../models/gate/rules/applications.ts';
import { ClaimExpansionRule } from '../models/gate/rules/claim-expansion.ts';
import { DevOpsProjectRule } from '../models/gate/rules/devops-projects.ts';
import { BindingRule, GroupRule } from '../models/gate/rules/iam/bindings.ts';
import {
  CertificateRule,
  PlatformKindRule,
  ServiceAccountTokenRule,
} from '../models/gate/rules/iam/credentials.ts';
import { RoleRule } from '../models/gate/rules/iam/roles.ts';
import { ServiceAccountRoleRule } from '../models/gate/rules/iam/service-account-roles.ts';
import { UserRule } from '../models/gate/rules/iam/users.ts';
import { LifecycleRule } from '../models/gate/rules/lifecycle.ts';
import { NamespaceRule } from '../models/gate/rules/namespaces.ts';
import { WorkspaceRule } from '../models/gate/rules/workspaces.ts';
import { WriteReview } from '../models/gate/write-review.ts';
import { Effects } from '../models/iam/grants/effects.ts';
import type { Login } from '../models/iam/login/login.ts';
import type { PasswordPolicy } from '../models/iam/passwords/password-policy.ts';
import type { ProviderLinks } from '../models/iam/providers/provider-links.ts';
import { GroupRoles } from '../models/iam/roles/group-roles.ts';
import { Members } from '../models/iam/roles/members.ts';
import { Scopes } from '../models/iam/roles/scopes.ts';
import type { CheckNameIsFree } from '../models/iam/users/retired-names.ts';
import { UserRights } from '../models/iam/users/user-rights.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { WorkspaceQuotas } from '../models/tenant/workspace-quotas.ts';

/**
 * The OPA server that evaluates modules of roles; none where none is configured. Throws a
 * ConfigError for a wrong address or CA.
 */
async function openPolicyServer(
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
    throw new ConfigError(`authorization.opa: ${(error as Error).message}`);
  }
}

/** What deciding who may do what stands on; `users` is the copy that has their hashes. */
export interface AccessContext {
  config: Config;
  client: KubeClient;
  catalog: Catalog;
  users: Informer;
  log: Logger;
}

/** Puts together roles, bindings and members: who may do what. The catalog must have started. */
export async function openAccess({ config, client, catalog, users, log }: AccessContext) {
  const bindings = new Bindings(catalog);

  const informers = {
    globalRoles: catalog.row('globalroles'),
    workspaceRoles: catalog.row('workspaceroles'),
    roles: catalog.row('roles'),
    clusterRoles: catalog.row('clusterroles'),
    namespaces: catalog.row('namespaces'),
    devopsProjects: catalog.row('devopsprojects'),
  };

  const overrides = await openPolicyServer(config.authorization.opa, log);
  const held = new HeldRoles(informers, bindings);
  const authorizer = new Authorizer(config.authorization.mode, held, overrides);
  const scopes = new Scopes(catalog, bindings, (project) => held.adminNamespaceOf(project));
  const members = new Members(client, scopes, users);
  const groupRoles = new GroupRoles(scopes, bindings, authorizer);
  const effects = new Effects(authorizer, bindings, scopes, groupRoles);
  const rights = new UserRights(authorizer, scopes, bindings, groupRoles);

  return { authorizer, bindings, overrides, scopes, members, groupRoles, effects, rights };
}

/** What the review of users' writes stands on besides. */
export interface GateContext {
  client: KubeClient;
  quotas: WorkspaceQuotas;
  login: Login;
  passwords: PasswordPolicy;
  links: ProviderLinks;
  revokeSessions: (username: string) => Promise<void>;
  checkNameIsFree: CheckNameIsFree;
}

/**
 * Opens the gate: every rule about what a write grants. A kind that gives rights and has no rule
 * here gives them unseen.
 */
export function openGate(access: Awaited<ReturnType<typeof openAccess>>, context: GateContext) {
  const { authorizer, scopes, members, groupRoles, effects, rights } = access;
  const { client, quotas, login, passwords, links, revokeSessions, checkNameIsFree } = context;

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

  const rules: Rule[] = [
    userRule,
    new RoleRule(authorizer, scopes),
    new BindingRule(authorizer, scopes),
    new GroupRule(groupRoles),
    new NamespaceRule(authorizer, scopes),
    new WorkspaceRule(authorizer, scopes),
    new DevOpsProjectRule(authorizer, scopes),
    new CertificateRule(authorizer),
    new ApplicationRule(authorizer),
    new ClaimExpansionRule(authorizer, client, expandsOffline),
    new ServiceAccountRoleRule(authorizer, scopes),
    new ServiceAccountTokenRule(rights),
    new PlatformKindRule(authorizer),
  ];

  const withOwners = rules.slice(
    0,
    rules.findIndex((rule) => rule instanceof CertificateRule),
  );

  rules.push(
    new LifecycleRule(authorizer, new Set(withOwners.flatMap(({ resources }) => [...resources]))),
  );

  const review = new WriteReview(authorizer, quotas, rules);
  const gate = new Gate({ client, authorizer, review, effects, scopes });

  /** Readies a name for somebody whom nobody makes: it must have no rights. Throws Forbidden. */
  const claimName = async (name: string) => {
    // Not by the name itself, which has these very rights.
    rights.checkName({ name: '', groups: [] }, name);
    await checkNameIsFree(name);
    await userRule.removeLeftOver(name);
  };

  return { gate, claimName };
}
