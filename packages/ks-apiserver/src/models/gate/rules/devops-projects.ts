import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Scopes } from '../../iam/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';
import { requireAdministrator } from './administrators.ts';
import { checkCreator } from './creator.ts';
import { workspaceOf } from './scopes-of-grant.ts';

const DEVOPS = 'devops.kubesphere.io';

function adminNamespaceOf(object: KubeObject | undefined): string {
  return String((object?.status as { adminNamespace?: unknown } | undefined)?.adminNamespace ?? '');
}

/** DevOps projects: their workspace's roles count in them, and those of the namespace that their status names. */
export class DevOpsProjectRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set([`${DEVOPS}/devopsprojects`]);
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { caller, stored, wished } = attempt;
    const namespace = adminNamespaceOf(wished);
    if (namespace !== '' && namespace !== adminNamespaceOf(stored)) {
      requireAdministrator(this.#authorizer, attempt, 'set status.adminNamespace');
    }

    const [from, to] = [workspaceOf(stored), workspaceOf(wished)];
    const check = (verb: string, workspace: string) => {
      if (this.#authorizer.allowsIn(caller, workspace, verb, DEVOPS, 'devopsprojects')) {
        return;
      }

      const where = workspace === '' ? 'at the cluster scope' : `in the workspace "${workspace}"`;
      throw forbidden(
        { group: DEVOPS, resource: 'devopsprojects', name: nameOf(attempt) },
        `User "${caller.name}" cannot ${verb} resource "devopsprojects" in API group "${DEVOPS}" ${where}`,
      );
    };

    if (stored && from !== to) {
      check('delete', from);
    }

    if (!stored || from !== to) {
      check('create', to);
    }

    const scope = to === '' ? this.#scopes.cluster() : this.#scopes.workspace(to);
    checkCreator(this.#authorizer, attempt, scope);
  }
}
