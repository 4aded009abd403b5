import { badRequest, forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { hasStatus, type ResourceType } from '../resource-type.ts';
import type { Strategy } from '../strategy.ts';

const STEP = /\.([^.[\]]+)|\['([^']+)'\]/g;

/**
 * The value at a simple JSON path such as `.spec.replicas` or `.metadata.labels['a.b/c']`;
 * undefined where there is none.
 */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;

  for (const match of path.matchAll(STEP)) {
    const field = match[1] ?? match[2] ?? '';
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, field)) {
      return undefined;
    }

    value = (value as Record<string, unknown>)[field];
  }

  return value;
}

/**
 * Sets the value at a simple JSON path and creates missing objects on the way; throws a StatusError
 * 400 where a value is no object.
 */
export function setValueAt(object: KubeObject, path: string, value: unknown): void {
  const fields = [...path.matchAll(STEP)].map((match) => match[1] ?? match[2] ?? '');
  const last = fields.pop();
  let at: Record<string, unknown> = object;

  for (const field of fields) {
    if (!Object.hasOwn(at, field)) {
      at[field] = {};
    }

    const next = at[field];
    if (next === null || typeof next !== 'object') {
      throw badRequest(`${path} cannot be set`);
    }

    at = next as Record<string, unknown>;
  }

  if (last !== undefined) {
    at[last] = value;
  }
}

/** The strategy of the resources that a CustomResourceDefinition defines. */
export function customStrategy(type: ResourceType): Strategy {
  const paths = type.custom?.selectableFields ?? [];

  return {
    generation: true,
    unconditionalUpdate: false,
    // Without the subresource, status is an ordinary field.
    ...(!hasStatus(type) && { untracked: [] }),
    prepareForCreate({ metadata }: KubeObject) {
      if (!type.custom?.terminating) {
        return;
      }

      const why = 'create not allowed while custom resource definition is terminating';
      throw forbidden(
        { group: type.group, resource: type.resource, name: metadata.name ?? '' },
        why,
      );
    },
    ...(paths.length > 0 && {
      fields: (object: KubeObject) =>
        Object.fromEntries(
          paths.map((path) => {
            const value = valueAt(object, path);
            return [
              path.replace(/^\./, ''),
              value === undefined || value === null ? '' : String(value),
            ];
          }),
        ),
    }),
  };
}
