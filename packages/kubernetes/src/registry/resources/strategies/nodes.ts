import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Strategy } from '../strategy.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

interface Taint {
  key: string;
  effect: string;
}

/**
 * Taints new nodes until a controller sees them ready (Kubernetes admission controller
 * TaintNodesByCondition).
 */
function taintNotReady(object: KubeObject): void {
  const spec: { taints?: Taint[] } = object.spec ?? {};
  object.spec = spec;

  const taints = spec.taints ?? [];
  if (!taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) {
    spec.taints = [...taints, { ...NOT_READY }];
  }
}

/** The strategy of nodes, which are created with a status. */
export const nodeStrategy: Strategy = {
  keepsStatus: true,
  prepareForCreate: taintNotReady,
  fields: (object) => ({ 'spec.unschedulable': String(object.spec?.unschedulable ?? false) }),
};
