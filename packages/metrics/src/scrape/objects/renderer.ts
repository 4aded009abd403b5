import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  parseQuantity,
  QuantityError,
  quantityToNumber,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import type { PageText } from '../../exposition/page-text.ts';

/** Writes the series of an object, with kube-state-metrics' names and labels. */
export type Renderer = (page: PageText, object: KubeObject) => void;

/** Returns the number that a quantity means; undefined for one that is missing or wrong. */
export function amountOf(quantity: unknown): number | undefined {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') {
    return undefined;
  }

  try {
    return quantityToNumber(parseQuantity(String(quantity)));
  } catch (error) {
    if (error instanceof QuantityError) {
      return undefined;
    }
    throw error;
  }
}

/** Returns 1 for true, 0 for false. */
export function flag(isTrue: unknown): 0 | 1 {
  return isTrue ? 1 : 0;
}

/** Returns a time in Unix seconds; undefined where there is none. */
export function secondsOf(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** What kube-state-metrics makes of a resource's name: its label, and the unit of its amounts. */
export interface ResourceLabels {
  readonly resource: string;
  readonly unit: 'core' | 'byte' | 'integer';
  readonly [label: string]: string;
}

/** Returns the labels of an amount of a resource such as `nvidia.com/gpu`. */
export function resourceLabels(name: string): ResourceLabels {
  const resource = name.replace(/[^a-zA-Z0-9]/g, '_');

  if (name === 'cpu') {
    return { resource, unit: 'core' };
  }

  const isBytes =
    /^(memory|storage|ephemeral-storage)$/.test(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('attachable-volumes-');

  return { resource, unit: isBytes ? 'byte' : 'integer' };
}

/** Writes a series for each field that is a number: a metric's name by the field's. */
export function renderNumbers(
  page: PageText,
  labels: Readonly<Record<string, string | undefined>>,
  numbers: Readonly<Record<string, unknown>>,
): void {
  for (const [metric, value] of Object.entries(numbers)) {
    if (typeof value === 'number') {
      page.add(metric, labels, value);
    }
  }
}
