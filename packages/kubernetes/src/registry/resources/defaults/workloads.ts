import { type Fields, fill } from './types.ts';

function rollingUpdate(strategy: Fields, defaults: Fields): void {
  fill(strategy, { type: 'RollingUpdate' });

  if (strategy.type !== 'RollingUpdate') {
    return;
  }

  strategy.rollingUpdate ??= {};
  fill(strategy.rollingUpdate, defaults);
}

function labelsFromTemplate(value: Fields): void {
  const labels = value.spec?.template?.metadata?.labels;
  if (labels === undefined) {
    return;
  }

  value.metadata ??= {};
  if (Object.keys(value.metadata.labels ?? {}).length === 0) {
    value.metadata.labels = { ...labels };
  }
}

function behavior(value: Fields): void {
  const policies = (...list: [string, number][]) =>
    list.map(([type, amount]) => ({ type, value: amount, periodSeconds: 15 }));

  value.scaleUp ??= {};
  value.scaleDown ??= {};

  const up = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: policies(['Pods', 4], ['Percent', 100]),
  };

  fill(value.scaleUp, up);
  fill(value.scaleDown, { selectPolicy: 'Max', policies: policies(['Percent', 100]) });
}

/** Defaults of kinds that make or scale pods, by type. */
export const workloadDefaults: Readonly<Record<string, (value: Fields) => void>> = {
  'core.v1.ReplicationController': (value) => {
    const labels = value.spec?.template?.metadata?.labels;
    if (labels !== undefined && Object.keys(value.spec.selector ?? {}).length === 0) {
      value.spec.selector = { ...labels };
    }

    labelsFromTemplate(value);
  },
  'core.v1.ReplicationControllerSpec': (value) => fill(value, { replicas: 1 }),
  'apps.v1.DeploymentSpec': (value) => {
    fill(value, {
      replicas: 1,
      strategy: {},
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });

    rollingUpdate(value.strategy, { maxUnavailable: '25%', maxSurge: '25%' });
  },
  'apps.v1.StatefulSetStatus': (value) => fill(value, { availableReplicas: 0 }),
  'policy.v1.PodDisruptionBudgetStatus': (value) =>
    fill(value, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  'apps.v1.ReplicaSetSpec': (value) => fill(value, { replicas: 1 }),
  'apps.v1.DaemonSetSpec': (value) => {
    fill(value, { updateStrategy: {}, revisionHistoryLimit: 10 });
    rollingUpdate(value.updateStrategy, { maxUnavailable: 1, maxSurge: 0 });
  },
  'apps.v1.StatefulSetSpec': (value) => {
    fill(value, {
      podManagementPolicy: 'OrderedReady',
      updateStrategy: {},
      persistentVolumeClaimRetentionPolicy: {},
      replicas: 1,
      revisionHistoryLimit: 10,
    });

    const { updateStrategy: strategy } = value;
    if (!strategy.type) {
      strategy.type = 'RollingUpdate';
      strategy.rollingUpdate ??= {};
    }

    if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) {
      fill(strategy.rollingUpdate, { partition: 0 });
    }

    fill(value.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });

    for (const claim of value.volumeClaimTemplates ?? []) {
      fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    }
  },
  'batch.v1.Job': (job) => {
    const { spec: value = {} } = job;
    if (value.completions === undefined && value.parallelism === undefined) {
      value.completions = 1;
    }

    fill(value, {
      parallelism: 1,
      backoffLimit: value.backoffLimitPerIndex === undefined ? 6 : 2147483647,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: value.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
      manualSelector: false,
    });

    const labels = value.template?.metadata?.labels;

    job.metadata ??= {};

    // The same map, as in Go: a later change of one is a change of the other.
    if (labels !== undefined && Object.keys(job.metadata.labels ?? {}).length === 0) {
      job.metadata.labels = labels;
    }
  },
  'batch.v1.PodFailurePolicyOnPodConditionsPattern': (value) => fill(value, { status: 'True' }),
  'batch.v1.CronJobSpec': (value) =>
    fill(value, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    }),
  'autoscaling.v1.HorizontalPodAutoscaler': ({ metadata, spec }) => {
    if (!spec) {
      return;
    }

    fill(spec, { minReplicas: 1 });

    const others = metadata?.annotations?.['autoscaling.alpha.kubernetes.io/metrics'];
    if (others === undefined) {
      fill(spec, { targetCPUUtilizationPercentage: 80 });
    }
  },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': (value) => {
    fill(value, { minReplicas: 1 });

    if ((value.metrics ?? []).length === 0) {
      const target = { type: 'Utilization', averageUtilization: 80 };
      value.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
    }

    if (value.behavior) {
      behavior(value.behavior);
    }
  },
};
