import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type WriteAttempt } from '../attempt.ts';
import { workspaceOf } from './iam/scopes-of-grant.ts';

/**
 * Checks the label that puts an object into a workspace: it takes the right to create such objects
 * in the new workspace and, for a change, to delete them in the old one. Throws Forbidden.
 */
export function checkWorkspaceLabel(authorizer: Authorizer, attempt: WriteAttempt): void {
  const { caller, info, stored, proposed } = attempt;
  const { group, resource } = info;
  const [from, to] = [workspaceOf(stored), workspaceOf(proposed)];
  if (stored && from === to) {
    return;
  }

  const check = (verb: string, workspace: string) => {
    if (authorizer.allowsIn(caller, workspace, verb, group, resource)) {
      return;
    }

    const where = workspace === '' ? 'at the cluster scope' : `in the workspace "${workspace}"`;

    throw forbidden(
      { group, resource, name: nameOf(attempt) },
      `User "${caller.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    );
  };

  if (stored) {
    check('delete', from);
  }

  check('create', to);
}
