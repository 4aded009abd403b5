import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { componentKind } from '../../resources/computed/application-components.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

/** What of an application decides which components go with it. */
function ownedBy(object: KubeObject | undefined): unknown {
  const { addOwnerRef, selector, componentKinds } = object?.spec ?? {};
  return addOwnerRef === true ? [selector, componentKinds] : undefined;
}

/**
 * Applications that own their components: a controller makes them owners, so that who deletes one
 * deletes what it selects.
 */
export class ApplicationRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set(['app.k8s.io/applications']);
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  review(attempt: WriteAttempt): undefined {
    const { caller, info, stored, wished } = attempt;
    if (ownedBy(wished) === undefined || equalJson(ownedBy(stored), ownedBy(wished))) {
      return;
    }

    const kinds = wished?.spec?.componentKinds;
    for (const one of Array.isArray(kinds) ? (kinds as { group?: string; kind?: string }[]) : []) {
      const component = componentKind(one?.group, one?.kind);
      if (
        !component ||
        this.#authorizer.allows(caller, {
          ...info,
          ...component,
          verb: 'delete',
          subresource: '',
          name: '',
        })
      ) {
        continue;
      }

      const { group, resource } = info;

      throw forbidden(
        { group, resource, name: nameOf(attempt) },
        `user "${caller.name}" cannot delete ${component.resource}, which spec.addOwnerRef would let the application do`,
      );
    }
  }
}
