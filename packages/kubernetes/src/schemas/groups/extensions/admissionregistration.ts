import type { SchemaGroup } from '../../group.ts';

/** Types of admissionregistration.k8s.io/v1. */
export const admissionregistration: SchemaGroup = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.admissionregistration.v1',
  kinds:
    'MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  types: `
AuditAnnotation: key! string; valueExpression! string
ExpressionWarning: fieldRef! string; warning! string
MatchCondition: expression! string; name! string
MatchResources atomic: excludeResourceRules []NamedRuleWithOperations atomic; matchPolicy string ptr enum(Equivalent|Exact); namespaceSelector meta.LabelSelector; objectSelector meta.LabelSelector; resourceRules []NamedRuleWithOperations atomic
MutatingWebhook: admissionReviewVersions! []string atomic; clientConfig! WebhookClientConfig struct; failurePolicy string ptr enum(Fail|Ignore); matchConditions []MatchCondition map(name) merge(name); matchPolicy string ptr enum(Equivalent|Exact); name! string; namespaceSelector meta.LabelSelector; objectSelector meta.LabelSelector; reinvocationPolicy string ptr enum(IfNeeded|Never); rules []RuleWithOperations atomic; sideEffects! string enum(None|NoneOnDryRun|Some|Unknown); timeoutSeconds int32 ptr
MutatingWebhookConfiguration: apiVersion string; kind string; metadata meta.ObjectMeta struct; webhooks []MutatingWebhook map(name) merge(name)
NamedRuleWithOperations atomic: apiGroups []string atomic; apiVersions []string atomic; operations []string atomic; resourceNames []string atomic; resources []string atomic; scope string ptr enum(*|Cluster|Namespaced)
ParamKind atomic: apiVersion string; kind string
ParamRef atomic: name string; namespace string; parameterNotFoundAction string ptr; selector meta.LabelSelector
RuleWithOperations: apiGroups []string atomic; apiVersions []string atomic; operations []string atomic; resources []string atomic; scope string ptr enum(*|Cluster|Namespaced)
ServiceReference: name! string; namespace! string; path string ptr; port int32 ptr
TypeChecking: expressionWarnings []ExpressionWarning atomic
ValidatingAdmissionPolicy: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ValidatingAdmissionPolicySpec struct; status ValidatingAdmissionPolicyStatus struct
ValidatingAdmissionPolicyBinding: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! ValidatingAdmissionPolicyBindingSpec struct
ValidatingAdmissionPolicyBindingSpec: matchResources MatchResources; paramRef ParamRef; policyName! string omitted; validationActions! []string omitted set
ValidatingAdmissionPolicySpec: auditAnnotations []AuditAnnotation atomic; failurePolicy string ptr enum(Fail|Ignore); matchConditions []MatchCondition map(name) merge(name); matchConstraints MatchResources; paramKind ParamKind; validations []Validation atomic; variables []Variable map(name) merge(name)
ValidatingAdmissionPolicyStatus: conditions []meta.Condition map(type); observedGeneration int64; typeChecking TypeChecking
ValidatingWebhook: admissionReviewVersions! []string atomic; clientConfig! WebhookClientConfig struct; failurePolicy string ptr enum(Fail|Ignore); matchConditions []MatchCondition map(name) merge(name); matchPolicy string ptr enum(Equivalent|Exact); name! string; namespaceSelector meta.LabelSelector; objectSelector meta.LabelSelector; rules []RuleWithOperations atomic; sideEffects! string enum(None|NoneOnDryRun|Some|Unknown); timeoutSeconds int32 ptr
ValidatingWebhookConfiguration: apiVersion string; kind string; metadata meta.ObjectMeta struct; webhooks []ValidatingWebhook map(name) merge(name)
Validation: expression! string; message string; messageExpression string; reason string ptr
Variable atomic: expression! string; name! string
WebhookClientConfig: caBundle bytes; service ServiceReference; url string ptr
`,
};
