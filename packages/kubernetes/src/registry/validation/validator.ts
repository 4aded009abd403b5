import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Causes } from './causes.ts';

/**
 * Checks an object of a kind after its metadata, and with `old` what has changed; '' is no
 * subresource.
 */
export type Validator = (
  object: KubeObject,
  old: KubeObject | undefined,
  out: Causes,
  subresource: string,
) => void;
