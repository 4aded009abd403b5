import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from '../defaults/types.ts';
import type { Strategy } from '../strategy.ts';

const core = (group: string | null | undefined) =>
  group === undefined || group === null || group === '';

/** Kinds that the older field `dataSource` may name. */
function isKnownSource({ apiGroup, kind }: Fields): boolean {
  if (kind === 'PersistentVolumeClaim') {
    return core(apiGroup);
  }
  return kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';
}

/** Keeps `dataSource` and `dataSourceRef` in step (Kubernetes "Volume populators"). */
function alignSources(spec: Fields): void {
  // The feature gate for sources in other namespaces is off by default.
  if (spec.dataSourceRef?.namespace) {
    delete spec.dataSourceRef;
  }
  if (spec.dataSource && !isKnownSource(spec.dataSource)) {
    delete spec.dataSource;
  }

  const { dataSource: source, dataSourceRef: ref } = spec;
  if (source && !ref) {
    spec.dataSourceRef = { ...source };
  } else if (ref && !source) {
    const { apiGroup, kind, name } = ref;
    spec.dataSource = { ...(apiGroup !== undefined && { apiGroup }), kind, name };
  }
}

/** The strategy of PersistentVolumeClaims. */
export const claimStrategy: Strategy = {
  returnsDeleted: true,
  prepareForCreate(object: KubeObject) {
    object.status = { phase: 'Pending' };
    if (object.spec) {
      alignSources(object.spec);
    }
  },
};
