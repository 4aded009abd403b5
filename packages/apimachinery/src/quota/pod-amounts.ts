import type { KubeObject } from '../meta/types.ts';
import {
  addQuantities,
  parseQuantity,
  type Quantity,
  QuantityError,
} from '../quantity/quantity.ts';

/** Amounts by name of a resource, as objects write them. */
export type ResourceList = Record<string, string>;

/** Amounts by name of a resource. */
export type Amounts = Record<string, Quantity>;

interface Container {
  resources?: { requests?: ResourceList; limits?: ResourceList };
  restartPolicy?: string;
}

/** Resources that may be stated for a pod as a whole. */
const POD_LEVEL = /^(cpu|memory|hugepages-.*)$/;

function addTo(into: Amounts, list: ResourceList | undefined): Amounts {
  for (const [name, text] of Object.entries(list ?? {})) {
    try {
      const more = parseQuantity(String(text));
      into[name] = into[name] ? addQuantities(into[name], more) : more;
    } catch (error) {
      if (!(error instanceof QuantityError)) {
        throw error;
      }
    }
  }

  return into;
}

function raiseTo(least: Amounts, amounts: Amounts): void {
  for (const [name, quantity] of Object.entries(amounts)) {
    if (!least[name] || quantity.nano > least[name].nano) {
      least[name] = quantity;
    }
  }
}

/**
 * Returns how much a pod requests, or may use, of each resource: the sum of its containers, or its
 * largest init container with the sidecars that were started before it (Kubernetes "Init
 * Containers", Resource sharing). What the pod states as a whole takes precedence.
 */
export function podAmounts({ spec }: KubeObject, of: 'requests' | 'limits'): Amounts {
  const total: Amounts = {};

  for (const container of (spec?.containers ?? []) as Container[]) {
    addTo(total, container.resources?.[of]);
  }

  const sidecars: ResourceList[] = [];
  const starting: Amounts = {};

  for (const { resources, restartPolicy } of (spec?.initContainers ?? []) as Container[]) {
    const together: Amounts = {};

    for (const list of sidecars) {
      addTo(together, list);
    }

    addTo(together, resources?.[of]);
    raiseTo(starting, together);

    if (restartPolicy !== 'Always') {
      continue;
    }

    addTo(total, resources?.[of]);

    if (resources?.[of]) {
      sidecars.push(resources[of]);
    }
  }

  raiseTo(total, starting);

  for (const [name, text] of Object.entries((spec?.resources?.[of] ?? {}) as ResourceList)) {
    if (POD_LEVEL.test(name)) {
      total[name] = parseQuantity(String(text));
    }
  }

  return total;
}
