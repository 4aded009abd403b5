import { PROJECT_STATUS_ANNOTATION } from '@ks-apiserver/api/devops';
import { DEVOPS_GROUP } from '@ks-apiserver/api/groups';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import type { Rule, Verdict, WriteAttempt } from '../attempt.ts';
import { checkCreator } from './creator.ts';
import { requireAdministrator } from './iam/administrators.ts';
import { scopeOfCreation } from './iam/scopes-of-grant.ts';
import { checkWorkspaceLabel } from './workspace-label.ts';

function adminNamespaceOf(object: KubeObject | undefined): string {
  return String(object?.status?.adminNamespace ?? '');
}

/**
 * Returns a project with the annotation that a controller sets as it is stored: it tells whether the
 * folder of that name in Jenkins is the project's own. Undefined where nothing changes.
 */
function withOwnStatus(
  stored: KubeObject | undefined,
  proposed: KubeObject,
): KubeObject | undefined {
  const { [PROJECT_STATUS_ANNOTATION]: given, ...others } = proposed.metadata.annotations ?? {};
  const kept = stored?.metadata.annotations?.[PROJECT_STATUS_ANNOTATION];
  if (given === kept) {
    return undefined;
  }

  const annotations = {
    ...others,
    ...(kept !== undefined && { [PROJECT_STATUS_ANNOTATION]: kept }),
  };

  return { ...proposed, metadata: { ...proposed.metadata, annotations } };
}

/**
 * Reviews DevOps projects: the roles of their workspace count in them, and those of the namespace
 * that their status names.
 */
export function devopsProjectRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: new Set([`${DEVOPS_GROUP}/devopsprojects`]),

    async review(attempt: WriteAttempt): Promise<Verdict | undefined> {
      const { stored, proposed } = attempt;
      const namespace = adminNamespaceOf(proposed);
      if (namespace !== '' && namespace !== adminNamespaceOf(stored)) {
        requireAdministrator(authorizer, attempt, 'set status.adminNamespace');
      }

      checkWorkspaceLabel(authorizer, attempt);
      checkCreator(authorizer, attempt, scopeOfCreation(scopes, proposed));

      const object = proposed && withOwnStatus(stored, proposed);

      return object && { object };
    },
  };
}
