import { SERVICE_ACCOUNT_ROLE } from '@ks-apiserver/api/annotations';
import type { ClusterOverride } from '@ks-apiserver/api/federation/federated-object';
import {
  FEDERATED_GROUP,
  FEDERATED_NAMESPACE,
  type FederatedKind,
  federatedKindOf,
  KUBEFED_GROUP,
} from '@ks-apiserver/api/federation/kinds';
import {
  OverrideError,
  overridesOf,
  templateObject,
  withOverrides,
} from '@ks-apiserver/api/federation/render';
import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';
import { requireAdministrator } from './iam/administrators.ts';
import { workspaceOf } from './iam/scopes-of-grant.ts';
import { checkWorkspaceLabel } from './workspace-label.ts';

/** Type of a Secret that Kubernetes fills with a token of a ServiceAccount. */
const TOKEN_SECRET = 'kubernetes.io/service-account-token';

/** In how many clusters an object may differ, for callers whose objects are reviewed. */
const MOST_CLUSTERS = 100;

/** What a federated object says: its template, and the overrides of each cluster. */
interface Parts {
  template: KubeObject;
  overrides: ReadonlyMap<string, readonly ClusterOverride[]>;
}

function partsOf(kind: FederatedKind, federated: KubeObject): Parts {
  return { template: templateObject(kind, federated), overrides: overridesOf(federated) };
}

/** Runs what reads an object. Throws BadRequest for what cannot be judged. */
function judged<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OverrideError || error instanceof TypeError) {
      throw badRequest(`spec: ${messageOf(error)}`);
    }
    throw error;
  }
}

/** Returns what is stored in a cluster; undefined where that cannot be judged, or is not there. */
function storedRendering(
  kind: FederatedKind,
  stored: Parts | undefined,
  cluster: string | undefined,
): KubeObject | undefined {
  if (!stored) {
    return undefined;
  }

  // Where a cluster had no overrides of its own, it had the template.
  const overrides = (cluster === undefined ? undefined : stored.overrides.get(cluster)) ?? [];

  try {
    return withOverrides(kind, stored.template, overrides);
  } catch {
    return undefined;
  }
}

/** Returns the parts of what is stored; undefined where they cannot be read. */
function storedParts(kind: FederatedKind, stored: KubeObject | undefined): Parts | undefined {
  try {
    return stored && partsOf(kind, stored);
  } catch {
    return undefined;
  }
}

/** Whether an object acts as a ServiceAccount of a member, or gives one a role there. */
function usesServiceAccount(object: KubeObject | undefined): boolean {
  return (
    object?.type === TOKEN_SECRET ||
    object?.metadata.annotations?.[SERVICE_ACCOUNT_ROLE] !== undefined
  );
}

/**
 * Reviews federated objects as if the objects that they stand for were written, in each cluster:
 * `rules` are those of all other kinds. What gives rights in a member depends on roles there, which
 * this server does not know: only administrators write that, and KubeFed's own objects.
 */
export function federatedRule(authorizer: Authorizer, rules: readonly Rule[]): Rule {
  function checkNamespace(attempt: WriteAttempt): void {
    const { stored, proposed, info } = attempt;
    if (proposed?.metadata.name !== (proposed?.metadata.namespace ?? info.namespace)) {
      throw badRequest('metadata.name: a FederatedNamespace has the name of its namespace');
    }
    if (workspaceOf(stored) !== '' || workspaceOf(proposed) !== '') {
      checkWorkspaceLabel(authorizer, attempt);
    }
  }

  /** Throws Forbidden unless the caller may write such an object in the host themselves. */
  function checkRight(attempt: WriteAttempt, kind: FederatedKind): void {
    const { caller, info, stored } = attempt;
    const name = stored ? nameOf(attempt) : '';
    const verb = stored ? 'update' : 'create';
    const { group, version, resource } = kind.target;
    const target = { ...info, group, version, resource, subresource: '', name, verb };

    if (!authorizer.allows(caller, target)) {
      throw forbidden(
        { group, resource, ...(name !== '' && { name }) },
        `User "${caller.name}" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "${info.namespace}"`,
      );
    }
  }

  async function reviewRendering(
    attempt: WriteAttempt,
    kind: FederatedKind,
    stored: KubeObject | undefined,
    proposed: KubeObject,
  ): Promise<void> {
    if (usesServiceAccount(proposed) && !usesServiceAccount(stored)) {
      requireAdministrator(authorizer, attempt, 'use ServiceAccounts of other clusters');
    }

    const { group, resource } = kind.target;
    const { name, namespace } = proposed.metadata;
    const info = parseRequestInfo(
      stored ? 'PUT' : 'POST',
      resourcePath(kind.target, namespace, stored ? name : undefined),
    );

    for (const rule of rules) {
      if (rule.resources.has(`${group}/${resource}`)) {
        // Kubernetes does not see the object that is written in the end.
        await rule.review({ ...attempt, info, stored, proposed, checkedByKubernetes: false });
      }
    }
  }

  return {
    resources: new Set([`${FEDERATED_GROUP}/*`, `${KUBEFED_GROUP}/*`]),
    seesDeletions: true,

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { info, stored, proposed } = attempt;
      const kind = federatedKindOf(info);

      if (!kind || kind.givesRights || info.subresource !== '') {
        requireAdministrator(authorizer, attempt, 'write objects that other clusters act on');
        return;
      }
      if (!proposed) {
        return;
      }

      if (kind.kind === FEDERATED_NAMESPACE.kind) {
        checkNamespace(attempt);
      } else {
        checkRight(attempt, kind);
      }

      const before = storedParts(kind, stored);
      const { template, overrides } = judged(() => partsOf(kind, proposed));
      if (overrides.size > MOST_CLUSTERS) {
        throw badRequest(`spec.overrides: at most ${MOST_CLUSTERS} clusters may be named`);
      }

      const slice = new TimeSlice();

      // One without a name stands for all clusters without overrides.
      for (const cluster of [undefined, ...overrides.keys()]) {
        if (slice.isOver) {
          await slice.next();
        }

        const own = (cluster === undefined ? undefined : overrides.get(cluster)) ?? [];
        const object = judged(() => withOverrides(kind, template, own));
        await reviewRendering(attempt, kind, storedRendering(kind, before, cluster), object);
      }
    },
  };
}
