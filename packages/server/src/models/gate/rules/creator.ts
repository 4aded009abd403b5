import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { ALL_RESOURCES } from '../../authorization/rights.ts';
import { checkGrant } from '../../iam/grants/grants.ts';
import type { Scope } from '../../iam/roles/scopes.ts';
import type { WriteAttempt } from '../attempt.ts';

/**
 * Checks the annotation that names the creator of a project, who becomes its admin. A caller who
 * creates the project may name themselves; naming another user takes the right to give everything
 * there. Throws Forbidden.
 */
export function checkCreator(
  authorizer: Authorizer,
  { caller, stored, proposed }: WriteAttempt,
  scope: Scope,
): void {
  const creator = proposed?.metadata.annotations?.[CREATOR_ANNOTATION];
  if (!creator || creator === stored?.metadata.annotations?.[CREATOR_ANNOTATION]) {
    return;
  }

  if (!stored && creator === caller.name) {
    return;
  }

  checkGrant(authorizer, caller, {
    scope,
    verb: 'bind',
    roleName: 'admin',
    rules: ALL_RESOURCES,
  });
}
