import type { Api } from './call.ts';
import { type SpecialVerbs, specialKey, type Verb } from './dispatch.ts';
import { bindPod, evictPod, needsKubelet } from './subresources/pods.ts';
import { getScale, patchScale, updateScale } from './subresources/scale.ts';

/** Handlers of everything that is not a plain object. */
export function specialVerbs(_api: Api): SpecialVerbs {
  const verbs = new Map<string, Verb>([
    ['*/scale:get', getScale],
    ['*/scale:update', updateScale],
    ['*/scale:patch', patchScale],
    [specialKey('', 'bindings', '', 'create'), bindPod],
    [specialKey('', 'pods', 'binding', 'create'), bindPod],
    [specialKey('', 'pods', 'eviction', 'create'), evictPod],
  ]);
  for (const subresource of ['log', 'exec', 'attach', 'portforward']) {
    for (const verb of ['get', 'create']) verbs.set(specialKey('', 'pods', subresource, verb), needsKubelet);
  }
  return verbs;
}
