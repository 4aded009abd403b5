import { readFile } from 'node:fs/promises';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Logger } from 'pino';
import { Authorizer } from '../models/authorization/authorizer.ts';
import { Bindings } from '../models/authorization/bindings.ts';
import { HeldRoles } from '../models/authorization/held-roles.ts';
import { OpaServer } from '../models/authorization/opa.ts';
import { Effects } from '../models/iam/effects.ts';
import { GroupRoles } from '../models/iam/group-roles.ts';
import { Members } from '../models/iam/members.ts';
import { Scopes } from '../models/iam/scopes.ts';
import { WriteChecks } from '../models/iam/write-checks.ts';
import type { Catalog } from '../models/resources/catalog.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-schema.ts';

/** The OPA server that evaluates modules of roles; none where none is configured. Throws a ConfigError for a wrong address or CA. */
async function openPolicyServer(
  { endpoint, timeout, caFile }: Config['authorization']['opa'],
  log: Logger,
): Promise<OpaServer | undefined> {
  if (endpoint === '') return undefined;
  try {
    const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8');
    const onError = (err: unknown) => log.warn({ err }, 'the policy server did not answer: a module allows nothing');
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

/** Puts together roles, bindings and members, and who may change them. The catalog must have started. */
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
  const authorizer = new Authorizer(config.authorization.mode, new HeldRoles(informers, bindings), overrides);
  const scopes = new Scopes(catalog, bindings);
  const members = new Members(client, scopes, authorizer, users);
  const groupRoles = new GroupRoles(scopes, bindings, authorizer);
  const effects = new Effects(authorizer, bindings, scopes, groupRoles);
  const writes = new WriteChecks(scopes, authorizer, groupRoles);
  return { authorizer, bindings, overrides, scopes, members, effects, writes };
}
