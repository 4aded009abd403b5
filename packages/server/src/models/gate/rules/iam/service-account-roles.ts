import { SERVICE_ACCOUNT_ROLE } from '@ks-apiserver/api/annotations';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { ALL_RIGHTS } from '../../../authorization/rights.ts';
import { checkGrant } from '../../../iam/grants/grants.ts';
import type { Scopes } from '../../../iam/roles/scopes.ts';
import type { Rule, WriteAttempt } from '../../attempt.ts';

function roleOf(object: KubeObject | undefined): string {
  return object?.metadata.annotations?.[SERVICE_ACCOUNT_ROLE] ?? '';
}

/**
 * ServiceAccounts: a controller binds each to the role that its annotation names, so that setting
 * it is a grant of that role.
 */
export class ServiceAccountRoleRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set(['/serviceaccounts']);
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review({ caller, info, stored, wished }: WriteAttempt): undefined {
    const name = roleOf(wished);
    if (name === '' || name === roleOf(stored)) {
      return;
    }

    const scope = this.#scopes.namespace(wished?.metadata.namespace ?? info.namespace);
    const role = this.#scopes.template(scope, name)?.object;

    // Nobody knows what a role will give that is not there yet.
    checkGrant(
      this.#authorizer,
      caller,
      scope,
      'bind',
      name,
      role ? this.#authorizer.rightsOf(role) : ALL_RIGHTS,
    );
  }
}
