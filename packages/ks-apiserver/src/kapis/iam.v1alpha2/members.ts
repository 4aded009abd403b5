import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import { iamError } from '../../models/iam/errors.ts';
import type { Member, Members } from '../../models/iam/members.ts';

/** Adds members to the workspace of the path; answers what was sent. */
export function createWorkspaceMembers(members: Members): Handler {
  return async ({ params, body }) => {
    try {
      await members.addToWorkspace(params.workspace ?? '', body as Member[]);
      return body;
    } catch (error) {
      throw iamError(error);
    }
  };
}

/** Adds members to the namespace of the path; answers what was sent. */
export function createNamespaceMembers(members: Members): Handler {
  return async ({ params, body }) => {
    try {
      await members.addToNamespace(params.namespace ?? '', body as Member[]);
      return body;
    } catch (error) {
      throw iamError(error);
    }
  };
}
