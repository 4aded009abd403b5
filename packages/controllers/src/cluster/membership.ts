import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { EventRecorder } from '../events/recorder.ts';
import {
  type ClusterCondition,
  type ClusterObject,
  isTrue,
  withCondition,
} from './cluster-object.ts';
import { EXPIRY_CONDITION, expiryCondition, expiryOf } from './expiry.ts';
import type { Federation } from './federation.ts';

const FEDERATED = {
  type: 'Federated',
  status: 'True',
  reason: 'Federated',
  message: 'Cluster has joined federation control plane successfully',
} as const satisfies ClusterCondition;

const LEFT = {
  type: 'Federated',
  status: 'False',
  reason: 'Left',
  message: 'Cluster has left the federation control plane',
} as const satisfies ClusterCondition;

function withStatus(cluster: ClusterObject, set: ClusterCondition, now: string): ClusterObject {
  const conditions = withCondition(cluster.status?.conditions ?? [], set, now);
  return { ...cluster, status: { ...cluster.status, conditions } };
}

/** Joins clusters to the propagation of objects, and takes them out of it. */
export class Membership {
  readonly #federation: Federation | undefined;
  readonly #events: EventRecorder;

  /** Without a federation nothing is joined. */
  constructor(federation: Federation | undefined, events: EventRecorder) {
    this.#federation = federation;
    this.#events = events;
  }

  /**
   * Joins a cluster that is ready. Returns it with the condition that tells so, and after how many
   * milliseconds it is to be joined again, if at all; a failure is told in the condition. `now` is
   * an RFC 3339 time.
   */
  async join(
    cluster: ClusterObject,
    now: string,
  ): Promise<{ cluster: ClusterObject; againMs?: number | undefined }> {
    if (!this.#federation || !isTrue(cluster, 'Ready')) {
      return { cluster };
    }

    try {
      const againMs = await this.#federation.join(cluster);

      if (!isTrue(cluster, FEDERATED.type)) {
        this.#events.record(cluster, 'Normal', 'JoinFederation', FEDERATED.message);
      }

      return { cluster: withStatus(cluster, FEDERATED, now), againMs };
    } catch (error) {
      const message = `Cluster cannot join: ${messageOf(error)}`;
      const condition = { ...FEDERATED, status: 'False', reason: 'JoinFailed', message } as const;

      this.#events.record(cluster, 'Warning', 'JoinFederationFailed', message);

      return { cluster: withStatus(cluster, condition, now) };
    }
  }

  /**
   * Takes a cluster out that is joined. Returns it with the condition that tells so; rejects if
   * that is to be tried again.
   */
  async leave(cluster: ClusterObject, now: string): Promise<ClusterObject> {
    const known = cluster.status?.conditions?.some(({ type }) => type === FEDERATED.type);
    const hasLeft = cluster.status?.conditions?.some(
      ({ type, reason }) => type === LEFT.type && reason === LEFT.reason,
    );

    if (!this.#federation || !known || hasLeft) {
      return cluster;
    }

    await this.#federation.leave(cluster);
    this.#events.record(cluster, 'Normal', 'UnJoinFederation', LEFT.message);

    return withStatus(cluster, LEFT, now);
  }

  /** Returns a cluster with the condition about the expiry of its kubeconfig. */
  async withExpiry(cluster: ClusterObject, now: string): Promise<ClusterObject> {
    const expiry = await expiryOf(cluster.spec?.connection?.kubeconfig ?? '');
    const condition = expiryCondition(expiry, Date.parse(now));
    const before = cluster.status?.conditions?.find(({ type }) => type === EXPIRY_CONDITION);

    // Nothing is said about credentials that never came near their end.
    if (!before && condition.status === 'False') {
      return cluster;
    }

    if (condition.status === 'True' && before?.reason !== condition.reason) {
      this.#events.record(cluster, 'Warning', condition.reason ?? '', condition.message ?? '');
    }

    return withStatus(cluster, condition, now);
  }
}
