import { getOwn, isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyJsonPatch } from '@ks-apiserver/apimachinery/patch/json-patch';
import { FEDERATED_LABEL } from '../labels.ts';
import type { ClusterOverride, FederatedTemplate } from './federated-object.ts';
import { asCurrentIngress, asOlderIngress } from './ingress.ts';
import { FEDERATED_NAMESPACE, type FederatedKind } from './kinds.ts';

/** Paths that are the same in all clusters: they connect a federated object with its copies. */
const FIXED_PATHS: ReadonlySet<string> = new Set([
  '/kind',
  '/metadata/generateName',
  '/metadata/name',
  '/metadata/namespace',
]);

/** Metadata that is up to controllers in members, and must not come from a template. */
export type IgnoredField = 'annotations' | 'finalizers';

/** Overrides that cannot be used, with what is wrong in one line. */
export class OverrideError extends Error {
  override name = 'OverrideError';
}

function checkOverride(
  cluster: string,
  override: ClusterOverride,
  index: number,
  seen: Set<string>,
): void {
  const path = isObject(override) ? override.path : undefined;
  if (typeof path !== 'string') {
    throw new OverrideError(`override[${index}] for cluster "${cluster}" has no path`);
  }
  if (FIXED_PATHS.has(path)) {
    throw new OverrideError(
      `override[${index}] for cluster "${cluster}" has an invalid path: ${path}`,
    );
  }
  if (seen.has(path)) {
    throw new OverrideError(`path "${path}" appears more than once for cluster "${cluster}"`);
  }

  seen.add(path);
}

/**
 * Returns the overrides of each cluster. Throws an OverrideError for a cluster or a path that is
 * named twice, and for paths that may not differ between clusters.
 */
export function overridesOf({
  spec,
}: Pick<FederatedTemplate, 'spec'>): ReadonlyMap<string, readonly ClusterOverride[]> {
  const all = spec?.overrides ?? [];
  const result = new Map<string, readonly ClusterOverride[]>();

  if (!Array.isArray(all)) {
    throw new OverrideError('spec.overrides is no list');
  }

  for (const item of all) {
    const cluster = isObject(item) ? item.clusterName : undefined;
    if (typeof cluster !== 'string') {
      throw new OverrideError('an override has no clusterName');
    }
    if (result.has(cluster)) {
      throw new OverrideError(`cluster "${cluster}" appears more than once`);
    }

    const overrides = item.clusterOverrides ?? [];
    const seen = new Set<string>();

    if (!Array.isArray(overrides)) {
      throw new OverrideError(`the overrides for cluster "${cluster}" are no list`);
    }

    for (const [index, override] of overrides.entries()) {
      checkOverride(cluster, override, index, seen);
    }

    result.set(cluster, overrides);
  }

  return result;
}

/** Returns the metadata fields of a template that are not propagated. */
export function ignoredFieldsOf({ spec }: Pick<FederatedTemplate, 'spec'>): IgnoredField[] {
  const metadata = spec?.template?.metadata;
  const given = (field: IgnoredField) =>
    Object.keys(Object((isObject(metadata) && metadata[field]) || {})).length > 0;

  return (['annotations', 'finalizers'] as const).filter(given);
}

/** Returns the object that a template describes, before overrides. Throws a TypeError. */
export function templateObject(kind: FederatedKind, federated: FederatedTemplate): KubeObject {
  const { metadata, spec } = federated;
  const template: unknown = spec?.template ?? {};
  if (!isObject(template)) {
    throw new TypeError('spec.template is no object');
  }

  const given = template.metadata ?? {};
  if (!isObject(given)) {
    throw new TypeError('spec.template.metadata is no object');
  }

  const {
    annotations: _annotations,
    finalizers: _finalizers,
    namespace: _namespace,
    generateName: _generateName,
    ...rest
  } = given;

  const { name = '', namespace = '' } = metadata;
  const isInNamespace = kind.namespaced && kind.kind !== FEDERATED_NAMESPACE.kind;

  return {
    ...template,
    apiVersion: apiVersionOf(kind.target),
    kind: kind.kind,
    metadata: { ...rest, name, ...(isInNamespace && { namespace }) },
  };
}

/**
 * Applies the overrides of one cluster to an object, and labels it as one that is propagated. What
 * identifies the object stays, whatever operations move or replace. Throws an OverrideError.
 */
export function withOverrides(
  kind: FederatedKind,
  object: KubeObject,
  overrides: readonly ClusterOverride[],
): KubeObject {
  let result: JsonObject = object as JsonObject;

  if (overrides.length > 0) {
    const operations = overrides.map((one) => ({ ...one, op: one.op || 'replace' }));

    try {
      result = applyJsonPatch(result, operations as unknown as JsonObject[]);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new OverrideError(`the overrides cannot be applied: ${messageOf(cause)}`);
    }
  }

  const metadata = getOwn(result, 'metadata');
  const labels = isObject(metadata) ? (metadata.labels ?? {}) : undefined;
  if (!isObject(metadata) || !isObject(labels)) {
    throw new OverrideError('the overrides leave no metadata');
  }

  const { name: _name, namespace: _namespace, generateName: _generate, ...rest } = metadata;
  const { name, namespace } = object.metadata;

  const rendered = {
    ...result,
    apiVersion: apiVersionOf(kind.target),
    kind: kind.kind,
    metadata: {
      ...rest,
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      labels: { ...labels, [FEDERATED_LABEL]: 'true' } as Record<string, string>,
    },
  };

  if (kind.kind !== 'Ingress') {
    return rendered;
  }

  const current = asCurrentIngress(rendered);

  return kind.target.version === 'v1' ? current : asOlderIngress(current);
}

/**
 * Returns the object that a federated one stands for in a cluster. Throws an OverrideError or a
 * TypeError.
 */
export function renderFor(
  kind: FederatedKind,
  federated: FederatedTemplate,
  cluster: string,
): KubeObject {
  const overrides = overridesOf(federated).get(cluster) ?? [];
  return withOverrides(kind, templateObject(kind, federated), overrides);
}
