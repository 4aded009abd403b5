import { STORAGE_CLASSES } from '@ks-apiserver/api/resources';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

/** Workloads that a controller scales down while it enlarges their claims. */
const SCALED = ['deployments', 'statefulsets'] as const;

function sizeOf(object: KubeObject): unknown {
  return object.spec?.resources?.requests?.storage;
}

/**
 * Reviews the enlargement of claims whose storage grows only while nothing uses it: a controller
 * stops the workload that mounts such a claim, so the caller must have the right to scale
 * workloads.
 */
export function claimExpansionRule(
  authorizer: Authorizer,
  client: KubeReader,
  expandsOffline: (storageClass: KubeObject | undefined) => boolean,
): Rule {
  return {
    resources: new Set(['/persistentvolumeclaims']),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      if (!stored || !proposed || sizeOf(stored) === sizeOf(proposed)) {
        return;
      }

      const denied = SCALED.find((resource) => {
        const right = {
          ...info,
          group: 'apps',
          resource,
          subresource: '',
          verb: 'update',
          name: '',
        };
        return !authorizer.allows(caller, right);
      });

      if (denied === undefined) {
        return;
      }

      const name = String(stored.spec?.storageClassName ?? '');
      const storageClass =
        name === ''
          ? undefined
          : await client.find<KubeObject>({ resource: STORAGE_CLASSES, name });
      if (expandsOffline(storageClass)) {
        const { group, resource } = info;
        throw forbidden(
          { group, resource, name: nameOf(attempt) },
          `user "${caller.name}" cannot update ${denied}: the workload that mounts it would be stopped and started`,
        );
      }
    },
  };
}
