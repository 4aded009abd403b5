import type { SchemaGroup } from '../../group.ts';

/** Types of authorization.k8s.io/v1. */
export const authorization: SchemaGroup = {
  group: 'authorization.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.authorization.v1',
  kinds:
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  types: `
FieldSelectorAttributes: rawSelector string; requirements []meta.FieldSelectorRequirement atomic
LabelSelectorAttributes: rawSelector string; requirements []meta.LabelSelectorRequirement atomic
LocalSubjectAccessReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! SubjectAccessReviewSpec struct; status SubjectAccessReviewStatus struct
NonResourceAttributes: path string; verb string
NonResourceRule: nonResourceURLs []string atomic; verbs! []string atomic
ResourceAttributes: fieldSelector FieldSelectorAttributes; group string; labelSelector LabelSelectorAttributes; name string; namespace string; resource string; subresource string; verb string; version string
ResourceRule: apiGroups []string atomic; resourceNames []string atomic; resources []string atomic; verbs! []string atomic
SelfSubjectAccessReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! SelfSubjectAccessReviewSpec struct; status SubjectAccessReviewStatus struct
SelfSubjectAccessReviewSpec: nonResourceAttributes NonResourceAttributes; resourceAttributes ResourceAttributes
SelfSubjectRulesReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! SelfSubjectRulesReviewSpec struct; status SubjectRulesReviewStatus struct
SelfSubjectRulesReviewSpec: namespace string
SubjectAccessReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! SubjectAccessReviewSpec struct; status SubjectAccessReviewStatus struct
SubjectAccessReviewSpec: extra {}[]string; groups []string atomic; nonResourceAttributes NonResourceAttributes; resourceAttributes ResourceAttributes; uid string; user string
SubjectAccessReviewStatus: allowed! bool; denied bool; evaluationError string; reason string
SubjectRulesReviewStatus: evaluationError string; incomplete! bool; nonResourceRules! []NonResourceRule atomic; resourceRules! []ResourceRule atomic
`,
};
