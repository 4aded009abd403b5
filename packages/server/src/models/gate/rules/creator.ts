import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { ALL_RESOURCES } from '../../authorization/rights.ts';
import { checkGrant } from '../../iam/grants/grants.ts';
import type { Scope } from '../../iam/roles/scopes.ts';
import type { WriteAttempt } from '../attempt.ts';

/**
 * Checks the annotation that names the creator, who becomes admin of a project: who makes the
 * project may name themselves, and otherwise it takes the right to give everything there. Throws
 * Forbidden.
 */
export function checkCreator(
  authorizer: Authorizer,
  { caller, stored, wished }: WriteAttempt,
  scope: Scope,
): void {
  const creator = wished?.metadata.annotations?.[CREATOR_ANNOTATION];
  if (!creator || creator === stored?.metadata.annotations?.[CREATOR_ANNOTATION]) {
    return;
  }

  if (!stored && creator === caller.name) {
    return;
  }

  checkGrant(authorizer, caller, scope, 'bind', 'admin', ALL_RESOURCES);
}
