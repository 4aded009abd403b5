import type { SchemaGroup } from '../../group.ts';

/** Types of networking.k8s.io/v1. */
export const networking: SchemaGroup = {
  group: 'networking.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.networking.v1',
  kinds: 'IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR',
  types: `
HTTPIngressPath: backend! IngressBackend struct; path string; pathType! string enum(Exact|ImplementationSpecific|Prefix)
HTTPIngressRuleValue: paths! []HTTPIngressPath atomic
IPAddress: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! IPAddressSpec struct
IPAddressSpec: parentRef! ParentReference
IPBlock: cidr! string; except []string atomic
Ingress: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec IngressSpec struct; status IngressStatus struct
IngressBackend: resource core.TypedLocalObjectReference; service IngressServiceBackend
IngressClass: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec IngressClassSpec struct
IngressClassParametersReference: apiGroup string ptr; kind! string; name! string; namespace string ptr; scope string ptr always
IngressClassSpec: controller string; parameters IngressClassParametersReference
IngressLoadBalancerIngress: hostname string; ip string; ports []IngressPortStatus atomic
IngressLoadBalancerStatus: ingress []IngressLoadBalancerIngress atomic
IngressPortStatus: error string ptr; port! int32; protocol! string enum(SCTP|TCP|UDP)
IngressRule: host string; http HTTPIngressRuleValue
IngressServiceBackend: name! string; port ServiceBackendPort struct
IngressSpec: defaultBackend IngressBackend; ingressClassName string ptr; rules []IngressRule atomic; tls []IngressTLS atomic
IngressStatus: loadBalancer IngressLoadBalancerStatus struct
IngressTLS: hosts []string atomic; secretName string
NetworkPolicy: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec NetworkPolicySpec struct
NetworkPolicyEgressRule: ports []NetworkPolicyPort atomic; to []NetworkPolicyPeer atomic
NetworkPolicyIngressRule: from []NetworkPolicyPeer atomic; ports []NetworkPolicyPort atomic
NetworkPolicyPeer: ipBlock IPBlock; namespaceSelector meta.LabelSelector; podSelector meta.LabelSelector
NetworkPolicyPort: endPort int32 ptr; port intorstring ptr; protocol string ptr enum(SCTP|TCP|UDP)
NetworkPolicySpec: egress []NetworkPolicyEgressRule atomic; ingress []NetworkPolicyIngressRule atomic; podSelector meta.LabelSelector struct; policyTypes []string atomic
ParentReference: group string; name! string omitted; namespace string; resource! string omitted
ServiceBackendPort atomic: name string; number int32
ServiceCIDR: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ServiceCIDRSpec struct; status ServiceCIDRStatus struct
ServiceCIDRSpec: cidrs []string atomic
ServiceCIDRStatus: conditions []meta.Condition map(type) merge(type)
`,
};
