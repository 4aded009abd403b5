import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** The `x-kubernetes-validations` of a schema, ready to be evaluated. */
export interface RuleSet {
  /** What an object breaks; rules about `oldSelf` are skipped on creation. */
  check(object: KubeObject, old: KubeObject | undefined): StatusCause[];
}
