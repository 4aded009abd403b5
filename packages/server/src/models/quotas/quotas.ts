import { RESOURCE_QUOTAS } from '@ks-apiserver/api/resources';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  formatQuantity,
  parseQuantity,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../resources/catalog/catalog.ts';

/** Objects that are counted if no ResourceQuota does: key in the answer, and resource. */
const COUNTED: readonly [key: string, resource: string][] = [
  ['count/pods', 'pods'],
  ['count/deployments.apps', 'deployments'],
  ['count/daemonsets.apps', 'daemonsets'],
  ['count/statefulsets.apps', 'statefulsets'],
  ['count/jobs.batch', 'jobs'],
  ['count/cronjobs.batch', 'cronjobs'],
  ['count/services', 'services'],
  ['count/ingresses.extensions', 'ingresses'],
  ['count/s2ibuilders.devops.kubesphere.io', 's2ibuilders'],
  ['persistentvolumeclaims', 'persistentvolumeclaims'],
];

type Quantities = Record<string, string>;

/** Allowed, used and remaining amounts by resource name, as quantities of Kubernetes. */
export interface QuotaUse {
  hard?: Quantities;
  used: Quantities;
  left?: Quantities;
}

function nano(text: string): bigint {
  return parseQuantity(text).nano;
}

/** Copies amounts; if both have one, the smaller one counts. */
function takeSmaller(into: Quantities, from: Quantities | undefined): void {
  for (const [key, value] of Object.entries(from ?? {})) {
    const known = Object.hasOwn(into, key) ? into[key] : undefined;
    if (known === undefined || nano(value) < nano(known)) {
      into[key] = value;
    }
  }
}

function leftOf(hard: Quantities, used: Quantities): Quantities {
  const left: Quantities = {};

  for (const [key, limit] of Object.entries(hard)) {
    const taken = used[key];
    if (taken === undefined) {
      continue;
    }

    const rest = subtractQuantities(parseQuantity(limit), parseQuantity(taken));
    left[key] = formatQuantity(rest.nano < 0n ? { ...rest, nano: 0n } : rest);
  }

  return left;
}

/** Counts objects of a namespace, or of all, and reads the limits of its ResourceQuotas. */
export class Quotas {
  readonly #catalog: Catalog;
  readonly #client: KubeReader;

  constructor(catalog: Catalog, client: KubeReader) {
    this.#catalog = catalog;
    this.#client = client;
  }

  /** Returns the use of the whole cluster: only counts, because quotas belong to namespaces. */
  async cluster(signal: AbortSignal): Promise<QuotaUse> {
    const used: Quantities = {};
    await this.#count(used, undefined, signal);
    return { used };
  }

  /** Returns the use of a namespace; `hard` and `left` only if it has a ResourceQuota. */
  async namespace(namespace: string, signal: AbortSignal): Promise<QuotaUse> {
    const quotas = (await this.#client.list<KubeObject>(RESOURCE_QUOTAS, { namespace, signal }))
      .items;
    const hard: Quantities = {};
    const used: Quantities = {};

    for (const { status } of quotas) {
      takeSmaller(hard, status?.hard);
      takeSmaller(used, status?.used);
    }

    await this.#count(used, namespace, signal);

    return quotas.length === 0 ? { used } : { hard, used, left: leftOf(hard, used) };
  }

  async #count(
    used: Quantities,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.all(
      COUNTED.map(async ([key, resource]) => {
        const store = await this.#catalog.synced(this.#catalog.definition(resource), signal);
        used[key] ??= String(
          namespace === undefined ? store.size : store.list('name', namespace).length,
        );
      }),
    );
  }
}
