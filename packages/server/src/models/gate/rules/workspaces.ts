import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { ALL_RESOURCES, rulesOf } from '../../authorization/rights.ts';
import { checkGrant } from '../../iam/grants/grants.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

const TEMPLATES = 'tenant.kubesphere.io/workspacetemplates';
const WORKSPACES = 'tenant.kubesphere.io/workspaces';

function managerOf({ resource }: RequestInfo, object: KubeObject | undefined): string {
  const spec = resource === 'workspaces' ? object?.spec : object?.spec?.template?.spec;
  return String((spec as { manager?: unknown } | undefined)?.manager ?? '');
}

/**
 * Workspaces: a controller makes the manager admin of the workspace, so that naming one is a grant.
 */
export class WorkspaceRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([TEMPLATES, WORKSPACES]);
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { caller, info, stored, wished } = attempt;
    const manager = managerOf(info, wished);
    if (manager === '' || manager === managerOf(info, stored)) {
      return;
    }

    const name = nameOf(attempt);
    const scope = this.#scopes.workspace(name);
    const role = this.#scopes.role(scope, `${name}-admin`);
    const rules = role?.object ? rulesOf(role.object) : ALL_RESOURCES;

    checkGrant(this.#authorizer, caller, scope, 'bind', `${name}-admin`, rules);
  }
}
