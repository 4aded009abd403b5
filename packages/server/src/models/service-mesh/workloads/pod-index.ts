import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { controllerOf, includes, type Labels, labelsOf } from './workload-objects.ts';

const NONE: readonly PersistedObject[] = [];

function addTo(index: Map<string, PersistedObject[]>, key: string, pod: PersistedObject): void {
  const known = index.get(key);

  if (known) {
    known.push(pod);
  } else {
    index.set(key, [pod]);
  }
}

/** Finds pods by their labels and by what controls them, without looking at all of them. */
export class PodIndex {
  readonly #all: readonly PersistedObject[];
  readonly #byLabel = new Map<string, PersistedObject[]>();
  readonly #byOwner = new Map<string, PersistedObject[]>();

  constructor(pods: readonly PersistedObject[]) {
    this.#all = pods;

    for (const pod of pods) {
      for (const [name, value] of Object.entries(labelsOf(pod))) {
        addTo(this.#byLabel, `${name}=${value}`, pod);
      }

      const owner = controllerOf(pod);
      if (owner) {
        addTo(this.#byOwner, `${owner.kind}/${owner.name}`, pod);
      }
    }
  }

  /** Returns the pods that have all of these labels; all pods for none. */
  withLabels(labels: Labels): readonly PersistedObject[] {
    let candidates = this.#all;

    for (const [name, value] of Object.entries(labels)) {
      const found = this.#byLabel.get(`${name}=${value}`) ?? NONE;
      candidates = found.length < candidates.length ? found : candidates;
    }

    return candidates.filter((pod) => includes(labelsOf(pod), labels));
  }

  /** Returns the pods that an object controls. */
  controlledBy(kind: string, name: string): readonly PersistedObject[] {
    return this.#byOwner.get(`${kind}/${name}`) ?? NONE;
  }
}
