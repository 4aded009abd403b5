import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

/**
 * Owners and finalizers of the objects that rights depend on: the garbage collector deletes what
 * has a missing owner, so that setting one is a deletion (Kubernetes
 * "OwnerReferencesPermissionEnforcement").
 */
export class LifecycleRule implements Rule {
  readonly resources: ReadonlySet<string>;
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer, resources: ReadonlySet<string>) {
    this.#authorizer = authorizer;
    this.resources = resources;
  }

  review(attempt: WriteAttempt): undefined {
    const { caller, info, stored, wished } = attempt;
    if (!stored || !wished) {
      return;
    }

    const of = ({ metadata }: typeof stored) => [
      metadata.ownerReferences ?? [],
      metadata.finalizers ?? [],
    ];

    if (equalJson(of(stored), of(wished))) {
      return;
    }

    const name = nameOf(attempt);
    if (this.#authorizer.allows(caller, { ...info, verb: 'delete', subresource: '', name })) {
      return;
    }

    throw forbidden(
      { group: info.group, resource: info.resource, name },
      `user "${caller.name}" cannot change metadata.ownerReferences or metadata.finalizers: this needs the right to delete it`,
    );
  }
}
