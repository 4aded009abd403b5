import { federatedKind } from '@ks-apiserver/api/federation/kinds';
import { OverrideError, overridesOf, renderFor } from '@ks-apiserver/api/federation/render';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { ALL_RESOURCES, rulesOf } from '../../authorization/rights.ts';
import { checkGrant } from '../../iam/grants/grants.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

const TEMPLATES = 'tenant.kubesphere.io/workspacetemplates';
const WORKSPACES = 'tenant.kubesphere.io/workspaces';

const WORKSPACE = federatedKind('Workspace');

/** In how many clusters a workspace may differ, for callers whose templates are reviewed. */
const MOST_CLUSTERS = 100;

/** Returns the managers of a workspace, or of the workspaces that a template makes in clusters. */
function managersOf({ resource }: RequestInfo, object: KubeObject | undefined): Set<string> {
  const managerIn = ({ spec }: KubeObject) => String(spec?.manager ?? '');
  if (!object) {
    return new Set();
  }
  if (resource === 'workspaces') {
    return new Set([managerIn(object)]);
  }

  const clusters = ['', ...overridesOf(object).keys()];
  if (clusters.length > MOST_CLUSTERS) {
    throw new OverrideError(`at most ${MOST_CLUSTERS} clusters may be named`);
  }

  return new Set(clusters.map((cluster) => managerIn(renderFor(WORKSPACE, object, cluster))));
}

/** Returns the managers that are to be. Throws BadRequest for overrides that cannot be judged. */
function proposedManagers(info: RequestInfo, object: KubeObject | undefined): Set<string> {
  try {
    return managersOf(info, object);
  } catch (error) {
    throw error instanceof OverrideError ? badRequest(`spec.overrides: ${error.message}`) : error;
  }
}

/** Returns the managers that are stored; none where that cannot be judged. */
function storedManagers(info: RequestInfo, object: KubeObject | undefined): Set<string> {
  try {
    return managersOf(info, object);
  } catch {
    return new Set();
  }
}

/** Reviews workspaces: a controller makes the manager their admin, so naming one is a grant. */
export function workspaceRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: new Set([TEMPLATES, WORKSPACES]),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      const before = storedManagers(info, stored);
      const added = [...proposedManagers(info, proposed)].filter(
        (manager) => manager !== '' && !before.has(manager),
      );

      if (added.length === 0) {
        return;
      }

      const name = nameOf(attempt);
      const scope = scopes.workspace(name);
      const roleName = `${name}-admin`;
      const role = scopes.role(scope, roleName);
      const rules = role?.object ? rulesOf(role.object) : ALL_RESOURCES;

      checkGrant(authorizer, caller, { scope, verb: 'bind', roleName, rules });
    },
  };
}
