import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

/**
 * Reviews owners and finalizers of the objects that rights depend on: the garbage collector deletes
 * what has a missing owner, so setting an owner can be a deletion (Kubernetes
 * "OwnerReferencesPermissionEnforcement").
 */
export function lifecycleRule(authorizer: Authorizer, resources: ReadonlySet<string>): Rule {
  return {
    resources,

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      if (!stored || !proposed) {
        return;
      }

      const of = ({ metadata }: typeof stored) => [
        metadata.ownerReferences ?? [],
        metadata.finalizers ?? [],
      ];

      if (equalJson(of(stored), of(proposed))) {
        return;
      }

      const name = nameOf(attempt);
      if (authorizer.allows(caller, { ...info, verb: 'delete', subresource: '', name })) {
        return;
      }

      throw forbidden(
        { group: info.group, resource: info.resource, name },
        `user "${caller.name}" cannot change metadata.ownerReferences or metadata.finalizers: this needs the right to delete it`,
      );
    },
  };
}
