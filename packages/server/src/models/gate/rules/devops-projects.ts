import { DEVOPS_GROUP } from '@ks-apiserver/api/groups';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import type { Rule, WriteAttempt } from '../attempt.ts';
import { checkCreator } from './creator.ts';
import { requireAdministrator } from './iam/administrators.ts';
import { makingScope } from './iam/scopes-of-grant.ts';
import { checkWorkspaceLabel } from './workspace-label.ts';

function adminNamespaceOf(object: KubeObject | undefined): string {
  return String((object?.status as { adminNamespace?: unknown } | undefined)?.adminNamespace ?? '');
}

/**
 * DevOps projects: their workspace's roles count in them, and those of the namespace that their
 * status names.
 */
export class DevOpsProjectRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([`${DEVOPS_GROUP}/devopsprojects`]);
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { stored, wished } = attempt;
    const namespace = adminNamespaceOf(wished);
    if (namespace !== '' && namespace !== adminNamespaceOf(stored)) {
      requireAdministrator(this.#authorizer, attempt, 'set status.adminNamespace');
    }

    checkWorkspaceLabel(this.#authorizer, attempt);
    checkCreator(this.#authorizer, attempt, makingScope(this.#scopes, wished));
  }
}
