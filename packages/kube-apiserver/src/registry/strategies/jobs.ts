import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** A Job selects its pods by its own uid unless it brings its selector (Kubernetes "Jobs", "Specifying your own Pod selector"). */
export function labelJobPods({ metadata, spec }: KubeObject): void {
  if (!spec || spec.manualSelector === true || !spec.template) return;
  spec.template.metadata ??= {};
  spec.template.metadata.labels ??= {};
  const { labels } = spec.template.metadata;
  // A job without labels of its own has those of its pods, with what is added to them.
  const shared = isDeepStrictEqual(metadata.labels ?? {}, labels);
  for (const prefix of ['', 'batch.kubernetes.io/']) {
    labels[`${prefix}controller-uid`] ??= metadata.uid;
    labels[`${prefix}job-name`] ??= metadata.name ?? '';
  }
  if (shared) metadata.labels = { ...labels };
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels['batch.kubernetes.io/controller-uid'] ??= metadata.uid;
}
