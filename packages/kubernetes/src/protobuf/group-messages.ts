// Fields and numbers of Kubernetes' protobuf messages (generated.proto and the json tags of
// k8s.io/api, v1.36), one message a line. A section begins with its short name and the apiVersion
// of its kinds. A field is FLAG name:number:type, of type string where none is given; i int, b
// bool, y bytes, else a message, of this section unless another is named. Flags:
// * list, % map by string, ? may be zero (a pointer in Go), ^ fields that stand in the parent's
// JSON. [] is a list of strings.

/** Messages of the named groups; parsed by messages.ts. */
export const groupMessages = `\
# apps apps/v1
ControllerRevision metadata:1:meta.ObjectMeta data:2:RawExtension revision:3:i
DaemonSet metadata:1:meta.ObjectMeta spec:2:DaemonSetSpec status:3:DaemonSetStatus
DaemonSetCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
DaemonSetSpec selector:1:meta.LabelSelector template:2:core.PodTemplateSpec updateStrategy:3:DaemonSetUpdateStrategy
  minReadySeconds:4:i ?revisionHistoryLimit:6:i
DaemonSetStatus currentNumberScheduled:1:i numberMisscheduled:2:i desiredNumberScheduled:3:i numberReady:4:i
  observedGeneration:5:i updatedNumberScheduled:6:i numberAvailable:7:i numberUnavailable:8:i ?collisionCount:9:i
  *conditions:10:DaemonSetCondition
DaemonSetUpdateStrategy type:1 rollingUpdate:2:RollingUpdateDaemonSet
Deployment metadata:1:meta.ObjectMeta spec:2:DeploymentSpec status:3:DeploymentStatus
DeploymentCondition type:1 status:2 lastUpdateTime:6:Time lastTransitionTime:7:Time reason:4 message:5
DeploymentSpec ?replicas:1:i selector:2:meta.LabelSelector template:3:core.PodTemplateSpec
  strategy:4:DeploymentStrategy minReadySeconds:5:i ?revisionHistoryLimit:6:i paused:7:b
  ?progressDeadlineSeconds:9:i
DeploymentStatus observedGeneration:1:i replicas:2:i updatedReplicas:3:i readyReplicas:7:i availableReplicas:4:i
  unavailableReplicas:5:i ?terminatingReplicas:9:i *conditions:6:DeploymentCondition ?collisionCount:8:i
DeploymentStrategy type:1 rollingUpdate:2:RollingUpdateDeployment
ReplicaSet metadata:1:meta.ObjectMeta spec:2:ReplicaSetSpec status:3:ReplicaSetStatus
ReplicaSetCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
ReplicaSetSpec ?replicas:1:i minReadySeconds:4:i selector:2:meta.LabelSelector template:3:core.PodTemplateSpec
ReplicaSetStatus replicas:1:i fullyLabeledReplicas:2:i readyReplicas:4:i availableReplicas:5:i
  ?terminatingReplicas:7:i observedGeneration:3:i *conditions:6:ReplicaSetCondition
RollingUpdateDaemonSet maxUnavailable:1:IntOrString maxSurge:2:IntOrString
RollingUpdateDeployment maxUnavailable:1:IntOrString maxSurge:2:IntOrString
RollingUpdateStatefulSetStrategy ?partition:1:i maxUnavailable:2:IntOrString
StatefulSet metadata:1:meta.ObjectMeta spec:2:StatefulSetSpec status:3:StatefulSetStatus
StatefulSetCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
StatefulSetOrdinals start:1:i
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:1 whenScaled:2
StatefulSetSpec ?replicas:1:i selector:2:meta.LabelSelector template:3:core.PodTemplateSpec
  *volumeClaimTemplates:4:core.PersistentVolumeClaim serviceName:5 podManagementPolicy:6
  updateStrategy:7:StatefulSetUpdateStrategy ?revisionHistoryLimit:8:i minReadySeconds:9:i
  persistentVolumeClaimRetentionPolicy:10:StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals:11:StatefulSetOrdinals
StatefulSetStatus observedGeneration:1:i replicas:2:i readyReplicas:3:i currentReplicas:4:i updatedReplicas:5:i
  currentRevision:6 updateRevision:7 ?collisionCount:9:i *conditions:10:StatefulSetCondition availableReplicas:11:i
StatefulSetUpdateStrategy type:1 rollingUpdate:2:RollingUpdateStatefulSetStrategy
# batch batch/v1
CronJob metadata:1:meta.ObjectMeta spec:2:CronJobSpec status:3:CronJobStatus
CronJobSpec schedule:1 ?timeZone:8 ?startingDeadlineSeconds:2:i concurrencyPolicy:3 ?suspend:4:b
  jobTemplate:5:JobTemplateSpec ?successfulJobsHistoryLimit:6:i ?failedJobsHistoryLimit:7:i
CronJobStatus *active:1:core.ObjectReference lastScheduleTime:4:Time lastSuccessfulTime:5:Time
Job metadata:1:meta.ObjectMeta spec:2:JobSpec status:3:JobStatus
JobCondition type:1 status:2 lastProbeTime:3:Time lastTransitionTime:4:Time reason:5 message:6
JobSpec ?parallelism:1:i ?completions:2:i ?activeDeadlineSeconds:3:i podFailurePolicy:11:PodFailurePolicy
  successPolicy:16:SuccessPolicy ?backoffLimit:7:i ?backoffLimitPerIndex:12:i ?maxFailedIndexes:13:i
  selector:4:meta.LabelSelector ?manualSelector:5:b template:6:core.PodTemplateSpec ?ttlSecondsAfterFinished:8:i
  ?completionMode:9 ?suspend:10:b ?podReplacementPolicy:14 ?managedBy:15
JobStatus *conditions:1:JobCondition startTime:2:Time completionTime:3:Time active:4:i succeeded:5:i failed:6:i
  ?terminating:11:i completedIndexes:7 ?failedIndexes:10 uncountedTerminatedPods:8:UncountedTerminatedPods
  ?ready:9:i
JobTemplateSpec metadata:1:meta.ObjectMeta spec:2:JobSpec
PodFailurePolicy *rules:1:PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement ?containerName:1 operator:2 *values:3:i
PodFailurePolicyOnPodConditionsPattern type:1 status:2
PodFailurePolicyRule action:1 onExitCodes:2:PodFailurePolicyOnExitCodesRequirement
  *onPodConditions:3:PodFailurePolicyOnPodConditionsPattern
SuccessPolicy *rules:1:SuccessPolicyRule
SuccessPolicyRule ?succeededIndexes:1 ?succeededCount:2:i
UncountedTerminatedPods *succeeded:1 *failed:2
# rbac rbac.authorization.k8s.io/v1
AggregationRule *clusterRoleSelectors:1:meta.LabelSelector
ClusterRole metadata:1:meta.ObjectMeta *rules:2:PolicyRule aggregationRule:3:AggregationRule
ClusterRoleBinding metadata:1:meta.ObjectMeta *subjects:2:Subject roleRef:3:RoleRef
PolicyRule *verbs:1 *apiGroups:2 *resources:3 *resourceNames:4 *nonResourceURLs:5
Role metadata:1:meta.ObjectMeta *rules:2:PolicyRule
RoleBinding metadata:1:meta.ObjectMeta *subjects:2:Subject roleRef:3:RoleRef
RoleRef apiGroup:1 kind:2 name:3
Subject kind:1 apiGroup:2 name:3 namespace:4
# net networking.k8s.io/v1
HTTPIngressPath path:1 ?pathType:3 backend:2:IngressBackend
HTTPIngressRuleValue *paths:1:HTTPIngressPath
IPAddress metadata:1:meta.ObjectMeta spec:2:IPAddressSpec
IPAddressSpec parentRef:1:ParentReference
IPBlock cidr:1 *except:2
Ingress metadata:1:meta.ObjectMeta spec:2:IngressSpec status:3:IngressStatus
IngressBackend service:4:IngressServiceBackend resource:3:core.TypedLocalObjectReference
IngressClass metadata:1:meta.ObjectMeta spec:2:IngressClassSpec
IngressClassParametersReference ?apiGroup:1 kind:2 name:3 ?scope:4 ?namespace:5
IngressClassSpec controller:1 parameters:2:IngressClassParametersReference
IngressLoadBalancerIngress ip:1 hostname:2 *ports:4:IngressPortStatus
IngressLoadBalancerStatus *ingress:1:IngressLoadBalancerIngress
IngressPortStatus port:1:i protocol:2 ?error:3
IngressRule host:1 ^ingressRuleValue:2:IngressRuleValue
IngressRuleValue http:1:HTTPIngressRuleValue
IngressServiceBackend name:1 port:2:ServiceBackendPort
IngressSpec ?ingressClassName:4 defaultBackend:1:IngressBackend *tls:2:IngressTLS *rules:3:IngressRule
IngressStatus loadBalancer:1:IngressLoadBalancerStatus
IngressTLS *hosts:1 secretName:2
NetworkPolicy metadata:1:meta.ObjectMeta spec:2:NetworkPolicySpec
NetworkPolicyEgressRule *ports:1:NetworkPolicyPort *to:2:NetworkPolicyPeer
NetworkPolicyIngressRule *ports:1:NetworkPolicyPort *from:2:NetworkPolicyPeer
NetworkPolicyPeer podSelector:1:meta.LabelSelector namespaceSelector:2:meta.LabelSelector ipBlock:3:IPBlock
NetworkPolicyPort ?protocol:1 port:2:IntOrString ?endPort:3:i
NetworkPolicySpec podSelector:1:meta.LabelSelector *ingress:2:NetworkPolicyIngressRule
  *egress:3:NetworkPolicyEgressRule *policyTypes:4
ParentReference group:1 resource:2 namespace:3 name:4
ServiceBackendPort name:1 number:2:i
ServiceCIDR metadata:1:meta.ObjectMeta spec:2:ServiceCIDRSpec status:3:ServiceCIDRStatus
ServiceCIDRSpec *cidrs:1
ServiceCIDRStatus *conditions:1:meta.Condition
# policy policy/v1
Eviction metadata:1:meta.ObjectMeta deleteOptions:2:meta.DeleteOptions
PodDisruptionBudget metadata:1:meta.ObjectMeta spec:2:PodDisruptionBudgetSpec status:3:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec minAvailable:1:IntOrString selector:2:meta.LabelSelector maxUnavailable:3:IntOrString
  ?unhealthyPodEvictionPolicy:4
PodDisruptionBudgetStatus observedGeneration:1:i %disruptedPods:2:Time disruptionsAllowed:3:i currentHealthy:4:i
  desiredHealthy:5:i expectedPods:6:i *conditions:7:meta.Condition
# as1 autoscaling/v1
CrossVersionObjectReference kind:1 name:2 apiVersion:3
HorizontalPodAutoscaler metadata:1:meta.ObjectMeta spec:2:HorizontalPodAutoscalerSpec
  status:3:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec scaleTargetRef:1:CrossVersionObjectReference ?minReplicas:2:i maxReplicas:3:i
  ?targetCPUUtilizationPercentage:4:i
HorizontalPodAutoscalerStatus ?observedGeneration:1:i lastScaleTime:2:Time currentReplicas:3:i desiredReplicas:4:i
  ?currentCPUUtilizationPercentage:5:i
Scale metadata:1:meta.ObjectMeta spec:2:ScaleSpec status:3:ScaleStatus
ScaleSpec replicas:1:i
ScaleStatus replicas:1:i selector:2
# as2 autoscaling/v2
ContainerResourceMetricSource name:1 target:2:MetricTarget container:3
ContainerResourceMetricStatus name:1 current:2:MetricValueStatus container:3
CrossVersionObjectReference kind:1 name:2 apiVersion:3
ExternalMetricSource metric:1:MetricIdentifier target:2:MetricTarget
ExternalMetricStatus metric:1:MetricIdentifier current:2:MetricValueStatus
HPAScalingPolicy type:1 value:2:i periodSeconds:3:i
HPAScalingRules ?stabilizationWindowSeconds:3:i ?selectPolicy:1 *policies:2:HPAScalingPolicy tolerance:4:Quantity
HorizontalPodAutoscaler metadata:1:meta.ObjectMeta spec:2:HorizontalPodAutoscalerSpec
  status:3:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerBehavior scaleUp:1:HPAScalingRules scaleDown:2:HPAScalingRules
HorizontalPodAutoscalerCondition type:1 status:2 lastTransitionTime:3:Time reason:4 message:5
HorizontalPodAutoscalerSpec scaleTargetRef:1:CrossVersionObjectReference ?minReplicas:2:i maxReplicas:3:i
  *metrics:4:MetricSpec behavior:5:HorizontalPodAutoscalerBehavior
HorizontalPodAutoscalerStatus ?observedGeneration:1:i lastScaleTime:2:Time currentReplicas:3:i desiredReplicas:4:i
  *currentMetrics:5:MetricStatus *conditions:6:HorizontalPodAutoscalerCondition
MetricIdentifier name:1 selector:2:meta.LabelSelector
MetricSpec type:1 object:2:ObjectMetricSource pods:3:PodsMetricSource resource:4:ResourceMetricSource
  containerResource:7:ContainerResourceMetricSource external:5:ExternalMetricSource
MetricStatus type:1 object:2:ObjectMetricStatus pods:3:PodsMetricStatus resource:4:ResourceMetricStatus
  containerResource:7:ContainerResourceMetricStatus external:5:ExternalMetricStatus
MetricTarget type:1 value:2:Quantity averageValue:3:Quantity ?averageUtilization:4:i
MetricValueStatus value:1:Quantity averageValue:2:Quantity ?averageUtilization:3:i
ObjectMetricSource describedObject:1:CrossVersionObjectReference target:2:MetricTarget metric:3:MetricIdentifier
ObjectMetricStatus metric:1:MetricIdentifier current:2:MetricValueStatus
  describedObject:3:CrossVersionObjectReference
PodsMetricSource metric:1:MetricIdentifier target:2:MetricTarget
PodsMetricStatus metric:1:MetricIdentifier current:2:MetricValueStatus
ResourceMetricSource name:1 target:2:MetricTarget
ResourceMetricStatus name:1 current:2:MetricValueStatus
# storage storage.k8s.io/v1
CSIDriver metadata:1:meta.ObjectMeta spec:2:CSIDriverSpec
CSIDriverSpec ?attachRequired:1:b ?podInfoOnMount:2:b *volumeLifecycleModes:3 ?storageCapacity:4:b ?fsGroupPolicy:5
  *tokenRequests:6:TokenRequest ?requiresRepublish:7:b ?seLinuxMount:8:b ?nodeAllocatableUpdatePeriodSeconds:9:i
  ?serviceAccountTokenInSecrets:10:b ?preventPodSchedulingIfMissing:11:b
CSINode metadata:1:meta.ObjectMeta spec:2:CSINodeSpec
CSINodeDriver name:1 nodeID:2 *topologyKeys:3 allocatable:4:VolumeNodeResources
CSINodeSpec *drivers:1:CSINodeDriver
CSIStorageCapacity metadata:1:meta.ObjectMeta nodeTopology:2:meta.LabelSelector storageClassName:3
  capacity:4:Quantity maximumVolumeSize:5:Quantity
StorageClass metadata:1:meta.ObjectMeta provisioner:2 %parameters:3 ?reclaimPolicy:4 *mountOptions:5
  ?allowVolumeExpansion:6:b ?volumeBindingMode:7 *allowedTopologies:8:core.TopologySelectorTerm
TokenRequest audience:1 ?expirationSeconds:2:i
VolumeAttachment metadata:1:meta.ObjectMeta spec:2:VolumeAttachmentSpec status:3:VolumeAttachmentStatus
VolumeAttachmentSource ?persistentVolumeName:1 inlineVolumeSpec:2:core.PersistentVolumeSpec
VolumeAttachmentSpec attacher:1 source:2:VolumeAttachmentSource nodeName:3
VolumeAttachmentStatus attached:1:b %attachmentMetadata:2 attachError:3:VolumeError detachError:4:VolumeError
VolumeAttributesClass metadata:1:meta.ObjectMeta driverName:2 %parameters:3
VolumeError time:1:Time message:2 ?errorCode:3:i
VolumeNodeResources ?count:1:i
# sched scheduling.k8s.io/v1
PriorityClass metadata:1:meta.ObjectMeta value:2:i globalDefault:3:b description:4 ?preemptionPolicy:5
# coord coordination.k8s.io/v1
Lease metadata:1:meta.ObjectMeta spec:2:LeaseSpec
LeaseSpec ?holderIdentity:1 ?leaseDurationSeconds:2:i acquireTime:3:MicroTime renewTime:4:MicroTime
  ?leaseTransitions:5:i ?strategy:6 ?preferredHolder:7
# disc discovery.k8s.io/v1
Endpoint *addresses:1 conditions:2:EndpointConditions ?hostname:3 targetRef:4:core.ObjectReference
  %deprecatedTopology:5 ?nodeName:6 ?zone:7 hints:8:EndpointHints
EndpointConditions ?ready:1:b ?serving:2:b ?terminating:3:b
EndpointHints *forZones:1:ForZone *forNodes:2:ForNode
EndpointPort ?name:1 ?protocol:2 ?port:3:i ?appProtocol:4
EndpointSlice metadata:1:meta.ObjectMeta addressType:4 *endpoints:2:Endpoint *ports:3:EndpointPort
ForNode name:1
ForZone name:1
# cert certificates.k8s.io/v1
CertificateSigningRequest metadata:1:meta.ObjectMeta spec:2:CertificateSigningRequestSpec
  status:3:CertificateSigningRequestStatus
CertificateSigningRequestCondition type:1 status:6 reason:2 message:3 lastUpdateTime:4:Time
  lastTransitionTime:5:Time
CertificateSigningRequestSpec request:1:y signerName:7 ?expirationSeconds:8:i *usages:5 username:2 uid:3 *groups:4
  %extra:6:ExtraValue
CertificateSigningRequestStatus *conditions:1:CertificateSigningRequestCondition certificate:2:y
ExtraValue []
# authn authentication.k8s.io/v1
BoundObjectReference kind:1 apiVersion:2 name:3 uid:4
ExtraValue []
SelfSubjectReview metadata:1:meta.ObjectMeta status:2:SelfSubjectReviewStatus
SelfSubjectReviewStatus userInfo:1:UserInfo
TokenRequest metadata:1:meta.ObjectMeta spec:2:TokenRequestSpec status:3:TokenRequestStatus
TokenRequestSpec *audiences:1 ?expirationSeconds:4:i boundObjectRef:3:BoundObjectReference
TokenRequestStatus token:1 expirationTimestamp:2:Time
TokenReview metadata:1:meta.ObjectMeta spec:2:TokenReviewSpec status:3:TokenReviewStatus
TokenReviewSpec token:1 *audiences:2
TokenReviewStatus authenticated:1:b user:2:UserInfo *audiences:4 error:3
UserInfo username:1 uid:2 *groups:3 %extra:4:ExtraValue
# authz authorization.k8s.io/v1
ExtraValue []
FieldSelectorAttributes rawSelector:1 *requirements:2:meta.FieldSelectorRequirement
LabelSelectorAttributes rawSelector:1 *requirements:2:meta.LabelSelectorRequirement
LocalSubjectAccessReview metadata:1:meta.ObjectMeta spec:2:SubjectAccessReviewSpec
  status:3:SubjectAccessReviewStatus
NonResourceAttributes path:1 verb:2
NonResourceRule *verbs:1 *nonResourceURLs:2
ResourceAttributes namespace:1 verb:2 group:3 version:4 resource:5 subresource:6 name:7
  fieldSelector:8:FieldSelectorAttributes labelSelector:9:LabelSelectorAttributes
ResourceRule *verbs:1 *apiGroups:2 *resources:3 *resourceNames:4
SelfSubjectAccessReview metadata:1:meta.ObjectMeta spec:2:SelfSubjectAccessReviewSpec
  status:3:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec resourceAttributes:1:ResourceAttributes nonResourceAttributes:2:NonResourceAttributes
SelfSubjectRulesReview metadata:1:meta.ObjectMeta spec:2:SelfSubjectRulesReviewSpec
  status:3:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec namespace:1
SubjectAccessReview metadata:1:meta.ObjectMeta spec:2:SubjectAccessReviewSpec status:3:SubjectAccessReviewStatus
SubjectAccessReviewSpec resourceAttributes:1:ResourceAttributes nonResourceAttributes:2:NonResourceAttributes user:3
  *groups:4 %extra:5:ExtraValue uid:6
SubjectAccessReviewStatus allowed:1:b denied:4:b reason:2 evaluationError:3
SubjectRulesReviewStatus *resourceRules:1:ResourceRule *nonResourceRules:2:NonResourceRule incomplete:3:b
  evaluationError:4
# events events.k8s.io/v1
Event metadata:1:meta.ObjectMeta eventTime:2:MicroTime series:3:EventSeries reportingController:4
  reportingInstance:5 action:6 reason:7 regarding:8:core.ObjectReference related:9:core.ObjectReference note:10
  type:11 deprecatedSource:12:core.EventSource deprecatedFirstTimestamp:13:Time deprecatedLastTimestamp:14:Time
  deprecatedCount:15:i
EventSeries count:1:i lastObservedTime:2:MicroTime
# admreg admissionregistration.k8s.io/v1
AuditAnnotation key:1 valueExpression:2
ExpressionWarning fieldRef:2 warning:3
MatchCondition name:1 expression:2
MatchResources namespaceSelector:1:meta.LabelSelector objectSelector:2:meta.LabelSelector
  *resourceRules:3:NamedRuleWithOperations *excludeResourceRules:4:NamedRuleWithOperations ?matchPolicy:7
MutatingWebhook name:1 clientConfig:2:WebhookClientConfig *rules:3:RuleWithOperations ?failurePolicy:4
  ?matchPolicy:9 namespaceSelector:5:meta.LabelSelector objectSelector:11:meta.LabelSelector ?sideEffects:6
  ?timeoutSeconds:7:i *admissionReviewVersions:8 ?reinvocationPolicy:10 *matchConditions:12:MatchCondition
MutatingWebhookConfiguration metadata:1:meta.ObjectMeta *webhooks:2:MutatingWebhook
NamedRuleWithOperations *resourceNames:1 ^ruleWithOperations:2:RuleWithOperations
ParamKind apiVersion:1 kind:2
ParamRef name:1 namespace:2 selector:3:meta.LabelSelector ?parameterNotFoundAction:4
Rule *apiGroups:1 *apiVersions:2 *resources:3 ?scope:4
RuleWithOperations *operations:1 ^rule:2:Rule
ServiceReference namespace:1 name:2 ?path:3 ?port:4:i
TypeChecking *expressionWarnings:1:ExpressionWarning
ValidatingAdmissionPolicy metadata:1:meta.ObjectMeta spec:2:ValidatingAdmissionPolicySpec
  status:3:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyBinding metadata:1:meta.ObjectMeta spec:2:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec policyName:1 paramRef:2:ParamRef matchResources:3:MatchResources
  *validationActions:4
ValidatingAdmissionPolicySpec paramKind:1:ParamKind matchConstraints:2:MatchResources *validations:3:Validation
  ?failurePolicy:4 *auditAnnotations:5:AuditAnnotation *matchConditions:6:MatchCondition *variables:7:Variable
ValidatingAdmissionPolicyStatus observedGeneration:1:i typeChecking:2:TypeChecking *conditions:3:meta.Condition
ValidatingWebhook name:1 clientConfig:2:WebhookClientConfig *rules:3:RuleWithOperations ?failurePolicy:4
  ?matchPolicy:9 namespaceSelector:5:meta.LabelSelector objectSelector:10:meta.LabelSelector ?sideEffects:6
  ?timeoutSeconds:7:i *admissionReviewVersions:8 *matchConditions:11:MatchCondition
ValidatingWebhookConfiguration metadata:1:meta.ObjectMeta *webhooks:2:ValidatingWebhook
Validation expression:1 message:2 ?reason:3 messageExpression:4
Variable name:1 expression:2
WebhookClientConfig ?url:3 service:1:ServiceReference caBundle:2:y
`;
