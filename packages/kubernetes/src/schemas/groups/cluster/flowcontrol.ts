import type { SchemaGroup } from '../../group.ts';

/** Types of flowcontrol.apiserver.k8s.io/v1. */
export const flowcontrol: SchemaGroup = {
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.flowcontrol.v1',
  kinds: 'FlowSchema PriorityLevelConfiguration',
  types: `
ExemptPriorityLevelConfiguration: lendablePercent int32 ptr; nominalConcurrencyShares int32 ptr
FlowDistinguisherMethod: type! string
FlowSchema: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec FlowSchemaSpec struct; status FlowSchemaStatus struct
FlowSchemaCondition: lastTransitionTime time always; message string; reason string; status string; type string
FlowSchemaSpec: distinguisherMethod FlowDistinguisherMethod; matchingPrecedence int32 always; priorityLevelConfiguration! PriorityLevelConfigurationReference struct; rules []PolicyRulesWithSubjects atomic
FlowSchemaStatus: conditions []FlowSchemaCondition map(type) merge(type)
GroupSubject: name! string
LimitResponse: queuing QueuingConfiguration; type! string
LimitedPriorityLevelConfiguration: borrowingLimitPercent int32 ptr; lendablePercent int32 ptr; limitResponse LimitResponse struct; nominalConcurrencyShares int32 ptr always
NonResourcePolicyRule: nonResourceURLs! []string set; verbs! []string set
PolicyRulesWithSubjects: nonResourceRules []NonResourcePolicyRule atomic; resourceRules []ResourcePolicyRule atomic; subjects! []Subject atomic
PriorityLevelConfiguration: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PriorityLevelConfigurationSpec struct; status PriorityLevelConfigurationStatus struct
PriorityLevelConfigurationCondition: lastTransitionTime time always; message string; reason string; status string; type string
PriorityLevelConfigurationReference: name! string
PriorityLevelConfigurationSpec: exempt ExemptPriorityLevelConfiguration; limited LimitedPriorityLevelConfiguration; type! string
PriorityLevelConfigurationStatus: conditions []PriorityLevelConfigurationCondition map(type) merge(type)
QueuingConfiguration: handSize int32 always; queueLengthLimit int32 always; queues int32 always
ResourcePolicyRule: apiGroups! []string set; clusterScope bool; namespaces []string always set; resources! []string set; verbs! []string set
ServiceAccountSubject: name! string; namespace! string
Subject: group GroupSubject; kind! string; serviceAccount ServiceAccountSubject; user UserSubject
UserSubject: name! string
`,
};
