import type { SchemaGroup } from '../../group.ts';

/** Types of apiregistration.k8s.io/v1. */
export const apiregistration: SchemaGroup = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  kinds: 'APIService',
  types: `
APIService: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec APIServiceSpec struct; status APIServiceStatus struct
APIServiceCondition: lastTransitionTime time; message string; reason string; status! string; type! string
APIServiceSpec: caBundle bytes atomic; group string; groupPriorityMinimum! int32; insecureSkipTLSVerify bool; service ServiceReference; version string; versionPriority! int32
APIServiceStatus: conditions []APIServiceCondition map(type) merge(type)
ServiceReference: name string; namespace string; port int32 ptr
`,
};
