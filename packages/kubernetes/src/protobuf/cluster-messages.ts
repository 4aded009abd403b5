// The messages of cluster administration groups, in the notation of group-messages.ts. `f` is a
// 64-bit float; `OrBool`, `OrList` and `OrTexts` are JSONSchemaProps, or a boolean, a list of them,
// or strings.

/** Messages of the named groups; parsed by messages.ts. */
export const clusterMessages = `\
# node node.k8s.io/v1
Overhead %podFixed:1:Quantity
RuntimeClass metadata:1:meta.ObjectMeta handler:2 overhead:3:Overhead scheduling:4:Scheduling
Scheduling %nodeSelector:1 *tolerations:2:core.Toleration
# flowcontrol flowcontrol.apiserver.k8s.io/v1
ExemptPriorityLevelConfiguration ?nominalConcurrencyShares:1:i ?lendablePercent:2:i
FlowDistinguisherMethod type:1
FlowSchema metadata:1:meta.ObjectMeta spec:2:FlowSchemaSpec status:3:FlowSchemaStatus
FlowSchemaCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
FlowSchemaSpec priorityLevelConfiguration:1:PriorityLevelConfigurationReference matchingPrecedence:2:i
  distinguisherMethod:3:FlowDistinguisherMethod *rules:4:PolicyRulesWithSubjects
FlowSchemaStatus *conditions:1:FlowSchemaCondition
GroupSubject name:1
LimitResponse type:1 queuing:2:QueuingConfiguration
LimitedPriorityLevelConfiguration ?nominalConcurrencyShares:1:i limitResponse:2:LimitResponse ?lendablePercent:3:i
  ?borrowingLimitPercent:4:i
NonResourcePolicyRule *verbs:1 *nonResourceURLs:6
PolicyRulesWithSubjects *subjects:1:Subject *resourceRules:2:ResourcePolicyRule
  *nonResourceRules:3:NonResourcePolicyRule
PriorityLevelConfiguration metadata:1:meta.ObjectMeta spec:2:PriorityLevelConfigurationSpec
  status:3:PriorityLevelConfigurationStatus
PriorityLevelConfigurationCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
PriorityLevelConfigurationReference name:1
PriorityLevelConfigurationSpec type:1 limited:2:LimitedPriorityLevelConfiguration
  exempt:3:ExemptPriorityLevelConfiguration
PriorityLevelConfigurationStatus *conditions:1:PriorityLevelConfigurationCondition
QueuingConfiguration queues:1:i handSize:2:i queueLengthLimit:3:i
ResourcePolicyRule *verbs:1 *apiGroups:2 *resources:3 clusterScope:4:b *namespaces:5
ServiceAccountSubject namespace:1 name:2
Subject kind:1 user:2:UserSubject group:3:GroupSubject serviceAccount:4:ServiceAccountSubject
UserSubject name:1
# apiextensions apiextensions.k8s.io/v1
CustomResourceColumnDefinition name:1 type:2 format:3 description:4 priority:5:i jsonPath:6
CustomResourceConversion strategy:1 webhook:2:WebhookConversion
CustomResourceDefinition metadata:1:meta.ObjectMeta spec:2:CustomResourceDefinitionSpec
  status:3:CustomResourceDefinitionStatus
CustomResourceDefinitionCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5 observedGeneration:6:i
CustomResourceDefinitionNames plural:1 singular:2 *shortNames:3 kind:4 listKind:5 *categories:6
CustomResourceDefinitionSpec group:1 names:3:CustomResourceDefinitionNames scope:4
  *versions:7:CustomResourceDefinitionVersion conversion:9:CustomResourceConversion preserveUnknownFields:10:b
CustomResourceDefinitionStatus *conditions:1:CustomResourceDefinitionCondition
  acceptedNames:2:CustomResourceDefinitionNames *storedVersions:3 observedGeneration:4:i
CustomResourceDefinitionVersion name:1 served:2:b storage:3:b deprecated:7:b ?deprecationWarning:8
  schema:4:CustomResourceValidation subresources:5:CustomResourceSubresources
  *additionalPrinterColumns:6:CustomResourceColumnDefinition *selectableFields:9:SelectableField
CustomResourceSubresourceScale specReplicasPath:1 statusReplicasPath:2 ?labelSelectorPath:3
CustomResourceSubresourceStatus
CustomResourceSubresources status:1:CustomResourceSubresourceStatus scale:2:CustomResourceSubresourceScale
CustomResourceValidation openAPIV3Schema:1:JSONSchemaProps
ExternalDocumentation description:1 url:2
JSONSchemaProps id:1 $schema:2 ?$ref:3 description:4 type:5 format:6 title:7 ?default:8:RawExtension ?maximum:9:f
  exclusiveMaximum:10:b ?minimum:11:f exclusiveMinimum:12:b ?maxLength:13:i ?minLength:14:i pattern:15 ?maxItems:16:i
  ?minItems:17:i uniqueItems:18:b ?multipleOf:19:f *enum:20:RawExtension ?maxProperties:21:i ?minProperties:22:i
  *required:23 items:24:OrList *allOf:25:JSONSchemaProps *oneOf:26:JSONSchemaProps *anyOf:27:JSONSchemaProps
  not:28:JSONSchemaProps %properties:29:JSONSchemaProps ?additionalProperties:30:OrBool
  %patternProperties:31:JSONSchemaProps %dependencies:32:OrTexts ?additionalItems:33:OrBool
  %definitions:34:JSONSchemaProps externalDocs:35:ExternalDocumentation ?example:36:RawExtension nullable:37:b
  ?x-kubernetes-preserve-unknown-fields:38:b x-kubernetes-embedded-resource:39:b x-kubernetes-int-or-string:40:b
  *x-kubernetes-list-map-keys:41 ?x-kubernetes-list-type:42 ?x-kubernetes-map-type:43
  *x-kubernetes-validations:44:ValidationRule
SelectableField jsonPath:1
ServiceReference namespace:1 name:2 ?path:3 ?port:4:i
ValidationRule rule:1 message:2 messageExpression:3 ?reason:4 fieldPath:5 ?optionalOldSelf:6:b
WebhookClientConfig ?url:3 service:1:ServiceReference caBundle:2:y
WebhookConversion clientConfig:2:WebhookClientConfig *conversionReviewVersions:3
# apiregistration apiregistration.k8s.io/v1
APIService metadata:1:meta.ObjectMeta spec:2:APIServiceSpec status:3:APIServiceStatus
APIServiceCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
APIServiceSpec service:1:ServiceReference group:2 version:3 insecureSkipTLSVerify:4:b caBundle:5:y
  groupPriorityMinimum:7:i versionPriority:8:i
APIServiceStatus *conditions:1:APIServiceCondition
ServiceReference namespace:1 name:2 ?port:3:i
`;
