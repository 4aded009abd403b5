import {
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from '../access/reviews.ts';
import { getComponentStatus, listComponentStatuses } from '../discovery/component-status.ts';
import { type SpecialVerbs, specialKey, type Verb } from '../dispatch.ts';
import { bindPod, evictPod, needsKubelet } from './subresources/pods.ts';
import { getScale, patchScale, updateScale } from './subresources/scale.ts';
import { requestToken } from './subresources/token.ts';

/** Handlers of subresources and objects that are not stored. */
export function specialVerbs(): SpecialVerbs {
  const verbs = new Map<string, Verb>([
    ['*/scale:get', getScale],
    ['*/scale:update', updateScale],
    ['*/scale:patch', patchScale],
    [specialKey('', 'componentstatuses', '', 'get'), getComponentStatus],
    [specialKey('', 'componentstatuses', '', 'list'), listComponentStatuses],
    [specialKey('', 'bindings', '', 'create'), bindPod],
    [specialKey('', 'pods', 'binding', 'create'), bindPod],
    [specialKey('', 'pods', 'eviction', 'create'), evictPod],
    [specialKey('', 'serviceaccounts', 'token', 'create'), requestToken],
    [specialKey('authentication.k8s.io', 'tokenreviews', '', 'create'), tokenReview],
    [specialKey('authentication.k8s.io', 'selfsubjectreviews', '', 'create'), selfSubjectReview],
    [
      specialKey('authorization.k8s.io', 'selfsubjectaccessreviews', '', 'create'),
      selfSubjectAccessReview,
    ],
    [
      specialKey('authorization.k8s.io', 'selfsubjectrulesreviews', '', 'create'),
      selfSubjectRulesReview,
    ],
    [specialKey('authorization.k8s.io', 'subjectaccessreviews', '', 'create'), subjectAccessReview],
    [
      specialKey('authorization.k8s.io', 'localsubjectaccessreviews', '', 'create'),
      subjectAccessReview,
    ],
  ]);

  for (const subresource of ['log', 'exec', 'attach', 'portforward']) {
    for (const verb of ['get', 'create']) {
      verbs.set(specialKey('', 'pods', subresource, verb), needsKubelet);
    }
  }

  for (const verb of ['get', 'create', 'update', 'patch', 'delete']) {
    verbs.set(`*/proxy:${verb}`, needsKubelet);
  }

  return verbs;
}
