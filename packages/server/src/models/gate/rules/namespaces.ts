import { DEVOPS_LABEL } from '@ks-apiserver/api/labels';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { SYSTEM_NAMESPACES, SYSTEM_WORKSPACE } from '../../authorization/platform-namespaces.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';
import { checkCreator } from './creator.ts';
import { requireAdministrator } from './iam/administrators.ts';
import { scopeOfCreation, workspaceOf } from './iam/scopes-of-grant.ts';
import { checkWorkspaceLabel } from './workspace-label.ts';

/** Reviews namespaces: their labels and annotations decide whose roles count in them. */
export function namespaceRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: new Set(['/namespaces']),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { stored, proposed } = attempt;
      if (!proposed) {
        return;
      }

      if (!stored && SYSTEM_NAMESPACES.has(nameOf(attempt))) {
        requireAdministrator(authorizer, attempt, 'create a namespace of the platform');
      }

      if (stored?.metadata.labels?.[DEVOPS_LABEL] !== proposed.metadata.labels?.[DEVOPS_LABEL]) {
        requireAdministrator(authorizer, attempt, `set the label ${DEVOPS_LABEL}`);
      }

      const workspaces = [workspaceOf(stored), workspaceOf(proposed)];
      if (workspaces[0] !== workspaces[1] && workspaces.includes(SYSTEM_WORKSPACE)) {
        requireAdministrator(
          authorizer,
          attempt,
          `bring a namespace into ${SYSTEM_WORKSPACE}, or out of it`,
        );
      }

      checkWorkspaceLabel(authorizer, attempt);

      // Nobody has a role yet in a namespace that is being created.
      const scope = stored ? scopes.namespace(nameOf(attempt)) : scopeOfCreation(scopes, proposed);
      checkCreator(authorizer, attempt, scope);
    },
  };
}
