import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionKind, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { validateMetadata } from './metadata.ts';
import { otherRules } from './others.ts';
import { type Validator, workloadRules } from './workloads.ts';

const rules = new Map<string, Validator>(Object.entries({ ...workloadRules, ...otherRules }));

/**
 * What is wrong with an object, after defaulting, in the words of Kubernetes 1.36: metadata of every kind, and the fields
 * of the kinds that people write by hand; with `old`, also fields that may not change.
 */
export function validateObject(gvk: GroupVersionKind, object: KubeObject, old?: KubeObject): StatusCause[] {
  const causes = validateMetadata(gvk, object.metadata);
  return [...causes, ...(rules.get(`${gvk.group}/${gvk.kind}`)?.(object, old) ?? [])];
}
