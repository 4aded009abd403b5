import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/**
 * A Job selects pods by its uid, unless it has a selector (Kubernetes "Jobs", "Specifying your own
 * Pod selector").
 */
export function labelJobPods({ metadata, spec }: KubeObject): void {
  if (!spec || spec.manualSelector === true || !spec.template) {
    return;
  }

  spec.template.metadata ??= {};
  spec.template.metadata.labels ??= {};

  const { labels } = spec.template.metadata;

  for (const prefix of ['', 'batch.kubernetes.io/']) {
    labels[`${prefix}controller-uid`] ??= metadata.uid;
    labels[`${prefix}job-name`] ??= metadata.name ?? '';
  }

  // Kubernetes sets these defaults when it reads the stored object.
  if (Object.keys(metadata.labels ?? {}).length === 0) {
    metadata.labels = { ...labels };
  }

  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels['batch.kubernetes.io/controller-uid'] ??= metadata.uid;
}
