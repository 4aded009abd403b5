import { unsupportedMediaType } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeResponse } from '@ks-apiserver/client/kube/transport';
import type { Call } from './call.ts';

/** `PATCH` with `application/apply-patch+yaml`. */
export async function applyPatch(_call: Call): Promise<KubeResponse> {
  throw unsupportedMediaType([
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
  ]);
}
