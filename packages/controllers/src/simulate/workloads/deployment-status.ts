import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Condition, conditionOf, withoutZeros } from '../cluster/pods.ts';

/** Returns a condition with its times: they change only when its content does. */
function updated(
  deployment: KubeObject,
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
): Condition {
  const before = conditionOf(deployment, type);
  const time = timestamp();
  const same = before?.status === status && before.reason === reason && before.message === message;

  return {
    type,
    status,
    lastUpdateTime: same ? (before.lastUpdateTime ?? time) : time,
    lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? time) : time,
    reason,
    message,
  };
}

const total = (sets: readonly PersistedObject[], field: string) =>
  sets.reduce((all, set) => all + ((set.status?.[field] as number | undefined) ?? 0), 0);

/**
 * Returns how far a rollout has come, as `kubectl rollout status` reads it, and in how many
 * milliseconds it would exceed its deadline.
 */
export function deploymentStatus(
  deployment: KubeObject,
  sets: readonly PersistedObject[],
  current: PersistedObject | undefined,
  { oldPods }: { oldPods: boolean },
) {
  const { spec, status: before = {} } = deployment;
  const wanted: number = spec.replicas;

  const counts = {
    replicas: total(sets, 'replicas'),
    updatedReplicas: current ? total([current], 'replicas') : 0,
    readyReplicas: total(sets, 'readyReplicas'),
    availableReplicas: total(sets, 'availableReplicas'),
  };

  const asked = sets.reduce(
    (all, set) => all + ((set.spec.replicas as number | undefined) ?? 1),
    0,
  );

  const unavailableReplicas = Math.max(0, asked - counts.availableReplicas);
  const strategy = spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%';

  const percent =
    typeof strategy === 'string'
      ? Math.floor((Number.parseInt(strategy, 10) * wanted) / 100)
      : strategy;

  const least = spec.strategy?.type === 'Recreate' ? wanted : wanted - percent;

  const available =
    counts.availableReplicas >= least
      ? updated(
          deployment,
          'Available',
          'True',
          'MinimumReplicasAvailable',
          'Deployment has minimum availability.',
        )
      : updated(
          deployment,
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
        );

  const complete =
    current !== undefined &&
    !oldPods &&
    counts.updatedReplicas === wanted &&
    counts.replicas === wanted &&
    counts.availableReplicas === wanted &&
    (current.status?.observedGeneration ?? 0) >= (current.metadata.generation ?? 0);

  const { condition, again } = progressing(deployment, current, counts, { complete });
  const failed = sets
    .map((set) => conditionOf(set, 'ReplicaFailure'))
    .find((condition) => condition !== undefined);

  const status = {
    observedGeneration: deployment.metadata.generation,
    ...withoutZeros({ ...counts, unavailableReplicas }),
    terminatingReplicas: total(sets, 'terminatingReplicas'),
    conditions: [available, condition, ...(failed ? [failed] : [])].filter(
      (one) => one !== undefined,
    ),
    ...(before.collisionCount && { collisionCount: before.collisionCount }),
  };

  return { status: status as PersistedObject['status'], again };
}

function progressing(
  deployment: KubeObject,
  current: PersistedObject | undefined,
  counts: Record<string, number>,
  { complete }: { complete: boolean },
): { condition: Condition | undefined; again?: number } {
  const before = conditionOf(deployment, 'Progressing');
  const set = `ReplicaSet "${current?.metadata.name}"`;

  if (deployment.spec.paused) {
    return {
      condition: updated(
        deployment,
        'Progressing',
        'Unknown',
        'DeploymentPaused',
        'Deployment is paused',
      ),
    };
  }

  if (!current) {
    return { condition: before };
  }

  if (complete) {
    const message = `${set} has successfully progressed.`;
    return {
      condition: updated(deployment, 'Progressing', 'True', 'NewReplicaSetAvailable', message),
    };
  }

  const deadline = 1000 * (deployment.spec.progressDeadlineSeconds ?? 600);
  const moved = (
    ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const
  ).some((count) => (counts[count] ?? 0) !== (deployment.status?.[count] ?? 0));

  const fresh =
    !before ||
    before.reason === 'NewReplicaSetAvailable' ||
    before.reason === 'DeploymentPaused' ||
    !before.message?.includes(set);

  if (moved || fresh) {
    const condition = updated(
      deployment,
      'Progressing',
      'True',
      'ReplicaSetUpdated',
      `${set} is progressing.`,
    );

    return { condition: { ...condition, lastUpdateTime: timestamp() }, again: deadline + 1000 };
  }

  const left = Date.parse(before.lastUpdateTime ?? '') + deadline - Date.now();
  if (left > 0) {
    return { condition: before, again: left + 1000 };
  }

  const message = `${set} has timed out progressing.`;

  return {
    condition: updated(deployment, 'Progressing', 'False', 'ProgressDeadlineExceeded', message),
  };
}
