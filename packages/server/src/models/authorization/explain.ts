import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { type PolicyRule, ruleAllows } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { Authorizer } from './authorizer.ts';
import type { HeldRole, Level, Place } from './bindings/held-roles.ts';
import { rulesOf } from './rights.ts';

/** Most grants, and most roles, that an answer names. */
const LIMIT = 50;
const TEMPLATE = 'iam.kubesphere.io/role-template';

const KINDS = {
  global: ['GlobalRoleBinding', 'GlobalRole'],
  workspace: ['WorkspaceRoleBinding', 'WorkspaceRole'],
  namespace: ['RoleBinding', 'Role'],
  cluster: ['ClusterRoleBinding', 'ClusterRole'],
} as const;

/** A rule that allows the call, its role, and the binding by which the user has the role. */
export interface ExplainedGrant {
  level: Level;
  workspace?: string;
  namespace?: string;
  binding: { kind: string; name: string; subject: string };
  role: { kind: string; name: string };
  /** Absent if the role's module (annotation rego-override) allows the call. */
  rule?: PolicyRule;
}

/** A role that would allow the call, if the user had it there. */
export interface RoleThatWould {
  level: Level;
  workspace?: string;
  namespace?: string;
  role: { kind: string; name: string; template?: true };
}

/** Why a call is allowed or not. */
export interface Explanation {
  allowed: boolean;
  /** `public-path`, `self-service` or `always-allow` where no role is needed. */
  builtIn: string[];
  grants: ExplainedGrant[];
  /** Only of calls that are not allowed. */
  rolesThatWould: RoleThatWould[];
  /** Set if there are more than are named here. */
  truncated?: true;
}

/**
 * Whether the one who asks may see the roles of a workspace or namespace in which the user has none.
 */
export type Knows = (level: 'workspace' | 'namespace', key: string) => boolean;

/**
 * Explains why a user may or may not make a call, from the data by which the authorizer decides.
 */
export class Explainer {
  readonly #authorizer: Authorizer;
  readonly #catalog: Catalog;

  constructor(authorizer: Authorizer, catalog: Catalog) {
    this.#authorizer = authorizer;
    this.#catalog = catalog;
  }

  /** Explains a call; `knows` tells which roles that the user does not have may be named. */
  async explain(user: UserInfo, info: RequestInfo, knows: Knows): Promise<Explanation> {
    const place = this.#authorizer.held.placeOf(info);
    const explanation = await this.#explainAllowed(user, info, place.workspace);
    if (explanation.allowed) {
      return explanation;
    }

    for (const role of this.#rolesThatWould(info, place, knows)) {
      if (explanation.rolesThatWould.length >= LIMIT) {
        explanation.truncated = true;
        break;
      }

      explanation.rolesThatWould.push(role);
    }

    return explanation;
  }

  /** Explains what allows a call; nothing if it is not allowed. */
  async #explainAllowed(
    user: UserInfo,
    info: RequestInfo,
    workspace: string,
  ): Promise<Explanation> {
    const explanation: Explanation = {
      allowed: false,
      builtIn: [],
      grants: [],
      rolesThatWould: [],
    };

    for (const reason of this.#authorizer.reasons(user, info)) {
      explanation.allowed = true;

      if (typeof reason === 'string') {
        explanation.builtIn.push(reason);
      } else if (explanation.grants.length < LIMIT) {
        explanation.grants.push(grantOf(reason, workspace));
      } else {
        explanation.truncated = true;
      }
    }

    for (const { held, module } of this.#authorizer.overridden(user, info)) {
      if (
        explanation.grants.length >= LIMIT ||
        !(await this.#authorizer.overrideAllows(module, user, info))
      ) {
        continue;
      }

      explanation.allowed = true;
      explanation.grants.push(grantOf({ held }, workspace));
    }

    return explanation;
  }

  /** Yields the roles that allow a call, those of the narrowest scope first: the role to ask for. */
  *#rolesThatWould(
    info: RequestInfo,
    { workspace, namespace }: Place,
    knows: Knows,
  ): Generator<RoleThatWould> {
    const own = ({ labels }: Entry) => labels[WORKSPACE_LABEL] === workspace;
    const inNamespace = namespace !== '' && knows('namespace', namespace);
    const inWorkspace = workspace !== '' && knows('workspace', workspace);

    const candidates: [Omit<RoleThatWould, 'role'>, readonly Entry[]][] = [
      [{ level: 'namespace', namespace }, inNamespace ? this.#roles('roles', namespace) : []],
      [
        { level: 'workspace', workspace },
        inWorkspace ? this.#roles('workspaceroles').filter(own) : [],
      ],
      [{ level: 'global' }, this.#roles('globalroles')],
      [{ level: 'cluster' }, this.#roles('clusterroles')],
    ];

    for (const [where, entries] of candidates) {
      for (const entry of entries) {
        if (rulesOf(entry.object).some((rule) => ruleAllows(rule, info))) {
          yield { ...where, role: roleOf(where.level, entry) };
        }
      }
    }
  }

  #roles(resource: string, namespace?: string): readonly Entry[] {
    return this.#catalog.informerOf(resource).store.list('name', namespace);
  }
}

function roleOf(level: Level, { name, labels }: Entry): RoleThatWould['role'] {
  const isTemplate = labels[TEMPLATE] === 'true';
  return { kind: KINDS[level][1], name, ...(isTemplate && { template: true }) };
}

function grantOf(
  { held, rule }: { held: HeldRole; rule?: PolicyRule },
  workspace: string,
): ExplainedGrant {
  const { level, binding } = held;

  return {
    level,
    ...(level === 'workspace' && { workspace }),
    ...(level === 'namespace' && { namespace: binding.namespace }),
    binding: { kind: KINDS[level][0], name: binding.name, subject: binding.subject },
    role: { kind: binding.roleRef.kind || KINDS[level][1], name: held.role?.metadata.name ?? '' },
    ...(rule && { rule }),
  };
}
