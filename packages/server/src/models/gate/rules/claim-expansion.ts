import { STORAGE_CLASSES } from '@ks-apiserver/api/resources';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type Rule, type Verdict, type WriteAttempt } from '../attempt.ts';

/** What a controller scales down. */
const SCALED = ['deployments', 'statefulsets'] as const;

function sizeOf(object: KubeObject): unknown {
  return object.spec?.resources?.requests?.storage;
}

/**
 * Claims of storage that grows only while nothing uses it: a controller stops the workload that
 * mounts one which is enlarged, so that who enlarges it must be allowed to scale workloads.
 */
export class ClaimExpansionRule implements Rule {
  readonly resources: ReadonlySet<string> = new Set(['/persistentvolumeclaims']);
  readonly #authorizer: Authorizer;
  readonly #client: KubeReader;
  readonly #expandsOffline: (storageClass: KubeObject | undefined) => boolean;

  constructor(
    authorizer: Authorizer,
    client: KubeReader,
    expandsOffline: (storageClass: KubeObject | undefined) => boolean,
  ) {
    this.#authorizer = authorizer;
    this.#client = client;
    this.#expandsOffline = expandsOffline;
  }

  async review(attempt: WriteAttempt): Promise<Verdict> {
    const { caller, info, stored, wished } = attempt;
    if (!stored || !wished || sizeOf(stored) === sizeOf(wished)) {
      return {};
    }

    const denied = SCALED.find((resource) => {
      const right = { ...info, group: 'apps', resource, subresource: '', verb: 'update', name: '' };
      return !this.#authorizer.allows(caller, right);
    });

    if (denied === undefined) {
      return {};
    }

    const name = String(stored.spec?.storageClassName ?? '');
    const storageClass =
      name === ''
        ? undefined
        : await this.#client.find<KubeObject>({ resource: STORAGE_CLASSES, name });
    if (this.#expandsOffline(storageClass)) {
      const { group, resource } = info;
      throw forbidden(
        { group, resource, name: nameOf(attempt) },
        `user "${caller.name}" cannot update ${denied}: the workload that mounts it would be stopped and started`,
      );
    }

    return {};
  }
}
