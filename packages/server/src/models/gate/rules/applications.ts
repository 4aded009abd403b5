import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { componentKind } from '../../resources/computed/application-components.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

/** Returns what decides which components an application owns; undefined if it owns none. */
function ownershipOf(object: KubeObject | undefined): unknown {
  const { addOwnerRef, selector, componentKinds } = object?.spec ?? {};
  return addOwnerRef === true ? [selector, componentKinds] : undefined;
}

/**
 * Reviews applications that own their components: a controller sets the owner references, so that
 * deleting the application deletes what it selects.
 */
export function applicationRule(authorizer: Authorizer): Rule {
  return {
    resources: new Set(['app.k8s.io/applications']),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      if (
        ownershipOf(proposed) === undefined ||
        equalJson(ownershipOf(stored), ownershipOf(proposed))
      ) {
        return;
      }

      const kinds: unknown = proposed?.spec?.componentKinds;
      const components = (Array.isArray(kinds) ? kinds : []).flatMap(
        (named: { group?: unknown; kind?: unknown } | null) =>
          componentKind(named?.group, named?.kind) ?? [],
      );

      const denied = components.find(
        (component) =>
          !authorizer.allows(caller, {
            ...info,
            ...component,
            verb: 'delete',
            subresource: '',
            name: '',
          }),
      );

      if (denied) {
        const { group, resource } = info;

        throw forbidden(
          { group, resource, name: nameOf(attempt) },
          `user "${caller.name}" cannot delete ${denied.resource}, which spec.addOwnerRef would let the application do`,
        );
      }
    },
  };
}
