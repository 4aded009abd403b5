import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyMergePatch } from '@ks-apiserver/apimachinery/patch/merge-patch';

/** An object of the Kubernetes API and the change to make: `change` is a merge patch (RFC 7386). */
export interface Change {
  /** Path of the object, without query. */
  path: string;
  apiVersion: string;
  kind: string;
  change: Record<string, unknown>;
  /** The kind is one of Kubernetes' own, which take strategic merge patches too. */
  builtIn?: boolean;
}

/** One request that can make a change: its verb, its form, and whether it is a dry run. */
export interface Door {
  name: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Returns the operations of a JSON patch (RFC 6902) with the effect of a merge patch on an object.
 */
function operations(
  stored: unknown,
  change: Fields,
  at = '',
): { op: string; path: string; value?: unknown }[] {
  return Object.entries(change).flatMap(([key, value]) => {
    const path = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const inner = isFields(stored) ? stored[key] : undefined;

    if (value === null) {
      return inner === undefined ? [] : [{ op: 'remove', path }];
    }
    if (isFields(value) && isFields(inner)) {
      return operations(inner, value, path);
    }

    return [{ op: 'add', path, value }];
  });
}

/** Returns a merge patch as a configuration to apply: without its removals. */
function configuration(change: Fields): Fields {
  return Object.fromEntries(
    Object.entries(change)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isFields(value) ? configuration(value) : value]),
  );
}

/**
 * Reports whether a merge patch removes something, which an apply configuration cannot do to fields
 * of other owners.
 */
function removes(change: Fields): boolean {
  return Object.values(change).some(
    (value) => value === null || (isFields(value) && removes(value)),
  );
}

/**
 * Returns every request that can change an object through the Kubernetes API, first as a dry run
 * (`dryRun=All`), then as it is.
 */
export function doorsOf(
  stored: KubeObject,
  { path, apiVersion, kind, change, builtIn = false }: Change,
): Door[] {
  const merged = applyMergePatch(stored as never, change as never) as unknown as KubeObject;
  const { managedFields: _fields, ...metadata } = merged.metadata as Fields;
  const name = stored.metadata.name ?? '';
  const applied = configuration(change);

  const forms: [name: string, method: string, type: string, body: unknown, query: string][] = [
    ['PUT', 'PUT', 'application/json', { ...merged, apiVersion, kind, metadata }, ''],
    ['merge patch', 'PATCH', 'application/merge-patch+json', change, ''],
    ['JSON patch', 'PATCH', 'application/json-patch+json', operations(stored, change), ''],
    ...(removes(change)
      ? []
      : [
          [
            'apply',
            'PATCH',
            'application/apply-patch+yaml',
            {
              ...applied,
              apiVersion,
              kind,
              metadata: { ...(applied.metadata as Fields | undefined), name },
            },
            'fieldManager=mallory&force=true',
          ] as never,
        ]),
    ...(builtIn
      ? [
          [
            'strategic merge patch',
            'PATCH',
            'application/strategic-merge-patch+json',
            change,
            '',
          ] as never,
        ]
      : []),
  ];

  return ['dryRun=All', ''].flatMap((dryRun) =>
    forms.map(([form, method, type, body, query]) => {
      const queries = [query, dryRun].filter((part) => part !== '').join('&');

      return {
        name: `${form} of ${path}${dryRun && ', tried'}`,
        method,
        path: queries === '' ? path : `${path}?${queries}`,
        headers: { 'content-type': type },
        body: JSON.stringify(body),
      };
    }),
  );
}
