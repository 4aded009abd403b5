import type { SchemaGroup } from '../../group.ts';

/** Types of authentication.k8s.io/v1. */
export const authentication: SchemaGroup = {
  group: 'authentication.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.authentication.v1',
  kinds: 'SelfSubjectReview TokenRequest TokenReview',
  types: `
BoundObjectReference: apiVersion string; kind string; name string; uid string
SelfSubjectReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; status SelfSubjectReviewStatus struct
SelfSubjectReviewStatus: userInfo UserInfo struct
TokenRequest: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec TokenRequestSpec struct; status TokenRequestStatus struct
TokenRequestSpec: audiences []string always atomic; boundObjectRef BoundObjectReference; expirationSeconds int64 ptr
TokenRequestStatus: expirationTimestamp time always; token string always
TokenReview: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! TokenReviewSpec struct; status TokenReviewStatus struct
TokenReviewSpec: audiences []string atomic; token! string omitted
TokenReviewStatus: audiences []string atomic; authenticated bool; error string; user UserInfo struct
UserInfo: extra {}[]string; groups []string atomic; uid string; username string
`,
};
