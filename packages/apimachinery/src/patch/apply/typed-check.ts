import { isObject } from '../../json/json.ts';
import type { Schema } from '../../schema/schema.ts';
import { goSyntax, goText, goTypeName } from '../go-text.ts';
import { printEdge, schemaAt } from './field-set.ts';
import { elementEdge } from './list-elements.ts';

/** A configuration that fits no object: the path, and what is wrong there. */
export interface TypedFault {
  path: string;
  why: string;
}

const MAX_FAULTS = 50;
const MAX_TEXT = 64 * 1024;

/** The faults found so far, up to a limit. */
class Faults {
  readonly list: TypedFault[] = [];
  #text = 0;

  get isFull(): boolean {
    return this.list.length >= MAX_FAULTS || this.#text > MAX_TEXT;
  }

  push(fault: TypedFault): void {
    if (this.isFull) {
      return;
    }

    this.list.push(fault);
    this.#text += fault.path.length + fault.why.length;
  }
}

function scalarFault(value: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'quantity') {
    return undefined;
  }

  switch (schema.type) {
    case 'string':
      if (typeof value === 'string') {
        return undefined;
      }

      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'integer':
    case 'number':
      if (typeof value === 'number') {
        return undefined;
      }

      return `expected numeric (int or float), got ${goTypeName(value)}`;
    case 'boolean':
      if (typeof value === 'boolean') {
        return undefined;
      }

      return `expected boolean, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    default:
      return undefined;
  }
}

/**
 * Checks the elements of a list that is merged by element: each has its key, and no two have the
 * same.
 */
function checkElements(
  list: readonly unknown[],
  schema: Schema,
  path: string,
  faults: Faults,
): void {
  const seen = new Set<string>();

  for (const [index, item] of list.entries()) {
    if (faults.isFull) {
      return;
    }

    let edge: string;

    try {
      edge = elementEdge(item, schema);
    } catch (error) {
      faults.push({ path, why: `element ${index}: ${(error as Error).message}` });
      continue;
    }

    if (seen.has(edge)) {
      faults.push({ path, why: `duplicate entries for key ${printEdge(edge)}` });
    }

    seen.add(edge);
    check(item, schema.items, path + printEdge(edge), faults);
  }
}

function check(value: unknown, schema: Schema | undefined, path: string, faults: Faults): void {
  if (!schema || value === null || value === undefined || faults.isFull) {
    return;
  }

  if (schema.type === 'array') {
    if (!Array.isArray(value)) {
      faults.push({ path, why: `expected list, got &{${goText(value)}}` });
    } else if (
      schema['x-kubernetes-list-type'] === 'map' ||
      schema['x-kubernetes-list-type'] === 'set'
    ) {
      checkElements(value, schema, path, faults);
    } else {
      for (const [index, item] of value.entries()) {
        check(item, schema.items, `${path}[${index}]`, faults);
      }
    }

    return;
  }

  if (schema.type !== 'object') {
    const why = scalarFault(value, schema);
    if (why) {
      faults.push({ path, why });
    }

    return;
  }

  if (!isObject(value)) {
    faults.push({ path, why: `expected map, got &{${goText(value)}}` });
    return;
  }

  const open =
    schema['x-kubernetes-preserve-unknown-fields'] ||
    schema.additionalProperties ||
    !schema.properties;

  for (const key of Object.keys(value).sort()) {
    if (faults.isFull) {
      return;
    }

    const inner = schemaAt(schema, `f:${key}`);
    const below = `${path}.${key}`;

    if (!inner && !open) {
      faults.push({ path: below, why: 'field not declared in schema' });
    } else {
      check(value[key], inner, below, faults);
    }
  }
}

/**
 * Says what keeps a configuration from being merged by its schema, in the words of
 * sigs.k8s.io/structured-merge-diff; '' when nothing does.
 */
export function typedFaults(value: unknown, schema: Schema): string {
  const faults = new Faults();
  check(value, schema, '', faults);

  const lines = faults.list.map(({ path, why }) => `${path}: ${why}`);

  return lines.length > 1
    ? `errors:\n${lines.map((line) => `  ${line}`).join('\n')}`
    : (lines[0] ?? '');
}
