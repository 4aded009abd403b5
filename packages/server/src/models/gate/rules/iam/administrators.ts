import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { nameOf, type WriteAttempt } from '../../attempt.ts';

/** Throws Forbidden unless the caller may do everything; `what` says what they may not do. */
export function requireAdministrator(
  authorizer: Authorizer,
  attempt: WriteAttempt,
  what: string,
): void {
  const { caller, info } = attempt;
  if (authorizer.holdsEverything(caller)) {
    return;
  }

  const { group, resource } = info;
  const name = nameOf(attempt);

  throw forbidden(
    { group, resource, ...(name !== '' && { name }) },
    `user "${caller.name}" may not ${what}: this needs a role of the platform or the cluster that allows everything`,
  );
}
