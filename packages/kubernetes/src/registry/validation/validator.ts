import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Causes } from './causes.ts';

/**
 * Validates an object of a kind after its metadata, with `old` also its changes; the subresource ''
 * is the object itself.
 */
export type Validator = (
  object: KubeObject,
  old: KubeObject | undefined,
  out: Causes,
  subresource: string,
) => void;
