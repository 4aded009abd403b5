import { DEVOPS_LABEL } from '@ks-apiserver/api/labels';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { SYSTEM_NAMESPACES, SYSTEM_WORKSPACE } from '../../authorization/system-namespaces.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';
import { checkCreator } from './creator.ts';
import { requireAdministrator } from './iam/administrators.ts';
import { makingScope, workspaceOf } from './iam/scopes-of-grant.ts';
import { checkWorkspaceLabel } from './workspace-label.ts';

/** Namespaces: their labels and annotations decide whose roles count in them. */
export class NamespaceRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set(['/namespaces']);
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { stored, wished } = attempt;
    if (!wished) {
      return;
    }

    if (!stored && SYSTEM_NAMESPACES.has(nameOf(attempt))) {
      requireAdministrator(this.#authorizer, attempt, 'make a namespace of the platform');
    }

    if (stored?.metadata.labels?.[DEVOPS_LABEL] !== wished.metadata.labels?.[DEVOPS_LABEL]) {
      requireAdministrator(this.#authorizer, attempt, `set the label ${DEVOPS_LABEL}`);
    }

    const workspaces = [workspaceOf(stored), workspaceOf(wished)];
    if (workspaces[0] !== workspaces[1] && workspaces.includes(SYSTEM_WORKSPACE)) {
      requireAdministrator(
        this.#authorizer,
        attempt,
        `bring a namespace into ${SYSTEM_WORKSPACE}, or out of it`,
      );
    }

    checkWorkspaceLabel(this.#authorizer, attempt);

    // Nobody has a role yet in a namespace that is only being made.
    const scope = stored
      ? this.#scopes.namespace(nameOf(attempt))
      : makingScope(this.#scopes, wished);
    checkCreator(this.#authorizer, attempt, scope);
  }
}
