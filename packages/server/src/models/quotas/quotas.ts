import { RESOURCE_QUOTAS } from '@ks-apiserver/api/resources';
import type { Cancellable } from '@ks-apiserver/apimachinery/concurrency/cancellable';
import {
  formatQuantity,
  parseQuantity,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';

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

/** ResourceQuotas of Kubernetes. Lists have the quotas of workspaces under that name. */
const QUOTAS: ResourceDefinition = { ...RESOURCE_QUOTAS, kind: 'ResourceQuota', namespaced: true };

/** Amounts of a ResourceQuota (Kubernetes core/v1 ResourceQuotaStatus). */
interface QuotaStatus {
  hard?: Quantities;
  used?: Quantities;
}

const statuses = new WeakMap<Entry, QuotaStatus>();

/** Returns the amounts of a cached ResourceQuota. */
function statusOf(entry: Entry): QuotaStatus {
  let status = statuses.get(entry);

  if (!status) {
    status = (JSON.parse(entry.bytes.toString()) as { status?: QuotaStatus }).status ?? {};
    statuses.set(entry, status);
  }

  return status;
}

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

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Returns the use of the whole cluster: only counts, because quotas belong to namespaces. */
  async cluster(call: Cancellable): Promise<QuotaUse> {
    const used: Quantities = {};
    await this.#count(used, undefined, call);
    return { used };
  }

  /** Returns the use of a namespace; `hard` and `left` only if it has a ResourceQuota. */
  async namespace(namespace: string, call: Cancellable): Promise<QuotaUse> {
    const store = this.#catalog.ready(QUOTAS) ?? (await this.#catalog.synced(QUOTAS, call));
    const quotas = store.list('name', namespace);
    const hard: Quantities = {};
    const used: Quantities = {};

    for (const status of quotas.map(statusOf)) {
      takeSmaller(hard, status.hard);
      takeSmaller(used, status.used);
    }

    await this.#count(used, namespace, call);

    return quotas.length === 0 ? { used } : { hard, used, left: leftOf(hard, used) };
  }

  async #count(used: Quantities, namespace: string | undefined, call: Cancellable): Promise<void> {
    const definitions = COUNTED.map(([, resource]) => this.#catalog.definition(resource));

    // All are started at the first call, before one of them is waited for.
    const ready = definitions.map((definition) => this.#catalog.ready(definition));

    for (const [i, [key]] of COUNTED.entries()) {
      const definition = definitions[i] as ResourceDefinition;
      const store = ready[i] ?? (await this.#catalog.synced(definition, call));
      used[key] ??= String(store.count(namespace));
    }
  }
}
