import { isObject } from '@ks-apiserver/apimachinery/json/json';
import type { GroupVersionKind, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { formatQuantity, parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { isScalar, type Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { builtinSchema } from '../../../schemas/builtin.ts';
import { otherDefaults } from './others.ts';
import { podDefaults } from './pods.ts';
import type { Fields } from './types.ts';
import { workloadDefaults } from './workloads.ts';
import { dropZeros } from './zeros.ts';

const byType = new Map(Object.entries({ ...podDefaults, ...workloadDefaults, ...otherDefaults }));
const none = () => {};

interface Plan {
  defaults: (value: Fields) => void;
  /** Fields that are structs in Go, which are never missing. */
  structs: readonly string[];
  /** Fields that hold amounts of resources by name. */
  amounts: readonly string[];
}

const plans = new WeakMap<Schema, Plan>();

function isAmounts({ additionalProperties: item }: Schema): boolean {
  return typeof item === 'object' && item.format === 'quantity';
}

const thousandth = 1_000_000n;

/** Amounts of resources are kept in thousandths, rounded away from zero. */
function roundUp(amounts: unknown): void {
  if (!isObject(amounts)) {
    return;
  }

  for (const [name, amount] of Object.entries(amounts)) {
    if (!/[num]$|\.|e-/i.test(String(amount))) {
      continue;
    }

    const { nano, format } = parseQuantity(String(amount));
    if (nano % thousandth === 0n) {
      continue;
    }

    const up = nano / thousandth + (nano > 0n ? 1n : -1n);
    amounts[name] = formatQuantity({ nano: up * thousandth, format });
  }
}

function planOf(schema: Schema): Plan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    const type = schema['x-definition']?.split('.').slice(-3).join('.') ?? '';
    const properties = Object.entries(schema.properties ?? {});
    plan = {
      defaults: byType.get(type) ?? none,
      structs: properties
        .filter(([, field]) => field['x-struct'] && field.type === 'object')
        .map(([name]) => name),
      amounts: properties.filter(([, field]) => isAmounts(field)).map(([name]) => name),
    };

    plans.set(schema, plan);
  }

  return plan;
}

function defaultValue(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined && !isScalar(schema.items)) {
      for (const item of value) {
        defaultValue(item, schema.items);
      }
    }

    return;
  }

  if (!isObject(value)) {
    return;
  }

  const { properties, additionalProperties } = schema;
  if (properties === undefined) {
    if (typeof additionalProperties === 'object' && !isScalar(additionalProperties)) {
      for (const item of Object.values(value)) {
        defaultValue(item, additionalProperties);
      }
    }

    return;
  }

  const { defaults, structs, amounts } = planOf(schema);
  for (const name of amounts) {
    roundUp(value[name]);
  }

  for (const name of structs) {
    value[name] ??= {};
  }

  defaults(value);

  for (const name of Object.keys(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property && typeof value[name] === 'object') {
      defaultValue(value[name], property);
    }
  }
}

/**
 * Sets, in place, the defaults of Kubernetes 1.36 (API reference) on an object of a built-in kind;
 * a type gets the same defaults wherever it appears. Other kinds are unchanged.
 */
export function defaultObject(gvk: GroupVersionKind, object: KubeObject): void {
  const schema = builtinSchema(gvk);
  if (schema === undefined) {
    return;
  }

  dropZeros(object, schema);
  defaultValue(object, schema);
}
