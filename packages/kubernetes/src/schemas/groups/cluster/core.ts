import type { SchemaGroup } from '../../group.ts';

/** Types of v1. */
export const core: SchemaGroup = {
  group: '',
  version: 'v1',
  definitions: 'io.k8s.api.core.v1',
  kinds:
    'Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount',
  types: `
AWSElasticBlockStoreVolumeSource: fsType string; partition int32; readOnly bool; volumeID! string
Affinity: nodeAffinity NodeAffinity; podAffinity PodAffinity; podAntiAffinity PodAntiAffinity
AppArmorProfile: localhostProfile string ptr; type! string enum(Localhost|RuntimeDefault|Unconfined)
AttachedVolume: devicePath! string; name! string
AzureDiskVolumeSource: cachingMode string ptr enum(None|ReadOnly|ReadWrite) ="ReadWrite"; diskName! string; diskURI! string; fsType string ptr ="ext4"; kind string ptr enum(Dedicated|Managed|Shared) ="Shared"; readOnly bool ptr
AzureFilePersistentVolumeSource: readOnly bool; secretName! string; secretNamespace string ptr always; shareName! string
AzureFileVolumeSource: readOnly bool; secretName! string; shareName! string
Binding: apiVersion string; kind string; metadata meta.ObjectMeta struct; target! ObjectReference struct
CSIPersistentVolumeSource: controllerExpandSecretRef SecretReference; controllerPublishSecretRef SecretReference; driver! string; fsType string; nodeExpandSecretRef SecretReference; nodePublishSecretRef SecretReference; nodeStageSecretRef SecretReference; readOnly bool; volumeAttributes {}string; volumeHandle! string
CSIVolumeSource: driver! string; fsType string ptr; nodePublishSecretRef LocalObjectReference; readOnly bool ptr; volumeAttributes {}string
Capabilities: add []string atomic; drop []string atomic
CephFSPersistentVolumeSource: monitors! []string atomic; path string; readOnly bool; secretFile string; secretRef SecretReference; user string
CephFSVolumeSource: monitors! []string atomic; path string; readOnly bool; secretFile string; secretRef LocalObjectReference; user string
CinderPersistentVolumeSource: fsType string; readOnly bool; secretRef SecretReference; volumeID! string
CinderVolumeSource: fsType string; readOnly bool; secretRef LocalObjectReference; volumeID! string
ClientIPConfig: timeoutSeconds int32 ptr
ClusterTrustBundleProjection: labelSelector meta.LabelSelector; name string ptr; optional bool ptr; path! string; signerName string ptr
ComponentCondition: error string; message string; status! string; type! string
ComponentStatus: apiVersion string; conditions []ComponentCondition map(type) merge(type); kind string; metadata meta.ObjectMeta struct
ConfigMap: apiVersion string; binaryData {}bytes; data {}string; immutable bool ptr; kind string; metadata meta.ObjectMeta struct
ConfigMapEnvSource: name string; optional bool ptr
ConfigMapKeySelector atomic: key! string; name string; optional bool ptr
ConfigMapNodeConfigSource: kubeletConfigKey! string; name! string; namespace! string; resourceVersion string; uid string
ConfigMapProjection: items []KeyToPath atomic; name string; optional bool ptr
ConfigMapVolumeSource: defaultMode int32 ptr; items []KeyToPath atomic; name string; optional bool ptr
Container: args []string atomic; command []string atomic; env []EnvVar map(name) merge(name); envFrom []EnvFromSource atomic; image string; imagePullPolicy string enum(Always|IfNotPresent|Never); lifecycle Lifecycle; livenessProbe Probe; name! string; ports []ContainerPort map(containerPort,protocol) merge(containerPort); readinessProbe Probe; resizePolicy []ContainerResizePolicy atomic; resources ResourceRequirements struct; restartPolicy string ptr; restartPolicyRules []ContainerRestartRule atomic; securityContext SecurityContext; startupProbe Probe; stdin bool; stdinOnce bool; terminationMessagePath string; terminationMessagePolicy string enum(FallbackToLogsOnError|File); tty bool; volumeDevices []VolumeDevice map(devicePath) merge(devicePath); volumeMounts []VolumeMount map(mountPath) merge(mountPath); workingDir string
ContainerExtendedResourceRequest: containerName! string; requestName! string; resourceName! string
ContainerImage: names []string always atomic; sizeBytes int64
ContainerPort: containerPort! int32; hostIP string; hostPort int32; name string; protocol string enum(SCTP|TCP|UDP) ="TCP"
ContainerResizePolicy: resourceName! string; restartPolicy! string
ContainerRestartRule: action! string omitted; exitCodes ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator! string omitted; values []int32 set
ContainerState: running ContainerStateRunning; terminated ContainerStateTerminated; waiting ContainerStateWaiting
ContainerStateRunning: startedAt time always
ContainerStateTerminated: containerID string; exitCode! int32; finishedAt time always; message string; reason string; signal int32; startedAt time always
ContainerStateWaiting: message string; reason string
ContainerStatus: allocatedResources {}quantity; allocatedResourcesStatus []ResourceStatus map(name) merge(name); containerID string; image! string; imageID! string; lastState ContainerState struct; name! string; ready! bool; resources ResourceRequirements; restartCount! int32; started bool ptr; state ContainerState struct; stopSignal string ptr enum(SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ); user ContainerUser; volumeMounts []VolumeMountStatus map(mountPath) merge(mountPath)
ContainerUser: linux LinuxContainerUser
DaemonEndpoint: Port! int32
DownwardAPIProjection: items []DownwardAPIVolumeFile atomic
DownwardAPIVolumeFile: fieldRef ObjectFieldSelector; mode int32 ptr; path! string; resourceFieldRef ResourceFieldSelector
DownwardAPIVolumeSource: defaultMode int32 ptr; items []DownwardAPIVolumeFile atomic
EmptyDirVolumeSource: medium string; sizeLimit quantity ptr
EndpointAddress atomic: hostname string; ip! string; nodeName string ptr; targetRef ObjectReference
EndpointPort atomic: appProtocol string ptr; name string; port! int32; protocol string enum(SCTP|TCP|UDP)
EndpointSubset: addresses []EndpointAddress atomic; notReadyAddresses []EndpointAddress atomic; ports []EndpointPort atomic
Endpoints: apiVersion string; kind string; metadata meta.ObjectMeta struct; subsets []EndpointSubset atomic
EnvFromSource: configMapRef ConfigMapEnvSource; prefix string; secretRef SecretEnvSource
EnvVar: name! string; value string; valueFrom EnvVarSource
EnvVarSource: configMapKeyRef ConfigMapKeySelector; fieldRef ObjectFieldSelector; fileKeyRef FileKeySelector; resourceFieldRef ResourceFieldSelector; secretKeyRef SecretKeySelector
EphemeralContainer: args []string atomic; command []string atomic; env []EnvVar map(name) merge(name); envFrom []EnvFromSource atomic; image string; imagePullPolicy string enum(Always|IfNotPresent|Never); lifecycle Lifecycle; livenessProbe Probe; name! string; ports []ContainerPort map(containerPort,protocol) merge(containerPort); readinessProbe Probe; resizePolicy []ContainerResizePolicy atomic; resources ResourceRequirements struct; restartPolicy string ptr; restartPolicyRules []ContainerRestartRule atomic; securityContext SecurityContext; startupProbe Probe; stdin bool; stdinOnce bool; targetContainerName string; terminationMessagePath string; terminationMessagePolicy string enum(FallbackToLogsOnError|File); tty bool; volumeDevices []VolumeDevice map(devicePath) merge(devicePath); volumeMounts []VolumeMount map(mountPath) merge(mountPath); workingDir string
EphemeralVolumeSource: volumeClaimTemplate PersistentVolumeClaimTemplate
Event: action string; apiVersion string; count int32; eventTime microtime always; firstTimestamp time always; involvedObject! ObjectReference struct; kind string; lastTimestamp time always; message string; metadata! meta.ObjectMeta struct; reason string; related ObjectReference; reportingComponent string always; reportingInstance string always; series EventSeries; source EventSource struct; type string
EventSeries: count int32; lastObservedTime microtime always
EventSource: component string; host string
ExecAction: command []string atomic
FCVolumeSource: fsType string; lun int32 ptr; readOnly bool; targetWWNs []string atomic; wwids []string atomic
FileKeySelector atomic: key! string; optional bool ptr; path! string; volumeName! string
FlexPersistentVolumeSource: driver! string; fsType string; options {}string; readOnly bool; secretRef SecretReference
FlexVolumeSource: driver! string; fsType string; options {}string; readOnly bool; secretRef LocalObjectReference
FlockerVolumeSource: datasetName string; datasetUUID string
GCEPersistentDiskVolumeSource: fsType string; partition int32; pdName! string; readOnly bool
GRPCAction: port! int32; service string ptr always
GitRepoVolumeSource: directory string; repository! string; revision string
GlusterfsPersistentVolumeSource: endpoints! string; endpointsNamespace string ptr; path! string; readOnly bool
GlusterfsVolumeSource: endpoints! string; path! string; readOnly bool
HTTPGetAction: host string; httpHeaders []HTTPHeader atomic; path string; port! intorstring; scheme string enum(HTTP|HTTPS)
HTTPHeader: name! string; value! string
HostAlias: hostnames []string atomic; ip! string
HostIP: ip! string
HostPathVolumeSource: path! string; type string ptr enum(|BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket)
ISCSIPersistentVolumeSource: chapAuthDiscovery bool; chapAuthSession bool; fsType string; initiatorName string ptr; iqn! string; iscsiInterface string ="default"; lun! int32; portals []string atomic; readOnly bool; secretRef SecretReference; targetPortal! string
ISCSIVolumeSource: chapAuthDiscovery bool; chapAuthSession bool; fsType string; initiatorName string ptr; iqn! string; iscsiInterface string ="default"; lun! int32; portals []string atomic; readOnly bool; secretRef LocalObjectReference; targetPortal! string
ImageVolumeSource: pullPolicy string enum(Always|IfNotPresent|Never); reference string
ImageVolumeStatus: imageRef! string omitted
KeyToPath: key! string; mode int32 ptr; path! string
Lifecycle: postStart LifecycleHandler; preStop LifecycleHandler; stopSignal string ptr enum(SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ)
LifecycleHandler: exec ExecAction; httpGet HTTPGetAction; sleep SleepAction; tcpSocket TCPSocketAction
LimitRange: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec LimitRangeSpec struct
LimitRangeItem: default {}quantity; defaultRequest {}quantity; max {}quantity; maxLimitRequestRatio {}quantity; min {}quantity; type! string
LimitRangeSpec: limits! []LimitRangeItem atomic
LinuxContainerUser: gid! int64; supplementalGroups []int64 atomic; uid! int64
LoadBalancerIngress: hostname string; ip string; ipMode string ptr; ports []PortStatus atomic
LoadBalancerStatus: ingress []LoadBalancerIngress atomic
LocalObjectReference atomic: name string =""
LocalVolumeSource: fsType string ptr; path! string
ModifyVolumeStatus: status! string enum(InProgress|Infeasible|Pending); targetVolumeAttributesClassName string
NFSVolumeSource: path! string; readOnly bool; server! string
Namespace: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec NamespaceSpec struct; status NamespaceStatus struct
NamespaceCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
NamespaceSpec: finalizers []string atomic
NamespaceStatus: conditions []NamespaceCondition map(type) merge(type); phase string enum(Active|Terminating)
Node: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec NodeSpec struct; status NodeStatus struct
NodeAddress: address! string; type! string
NodeAffinity: preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm atomic; requiredDuringSchedulingIgnoredDuringExecution NodeSelector
NodeAllocatableResourceClaimStatus: containers []string set; resourceClaimName! string; resources! {}quantity
NodeCondition: lastHeartbeatTime time always; lastTransitionTime time always; message string; reason string; status! string; type! string
NodeConfigSource: configMap ConfigMapNodeConfigSource
NodeConfigStatus: active NodeConfigSource; assigned NodeConfigSource; error string; lastKnownGood NodeConfigSource
NodeDaemonEndpoints: kubeletEndpoint DaemonEndpoint struct
NodeFeatures: supplementalGroupsPolicy bool ptr
NodeRuntimeHandler: features NodeRuntimeHandlerFeatures; name string always
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts bool ptr; userNamespaces bool ptr
NodeSelector atomic: nodeSelectorTerms! []NodeSelectorTerm atomic
NodeSelectorRequirement: key! string; operator! string enum(DoesNotExist|Exists|Gt|In|Lt|NotIn); values []string atomic
NodeSelectorTerm atomic: matchExpressions []NodeSelectorRequirement atomic; matchFields []NodeSelectorRequirement atomic
NodeSpec: configSource NodeConfigSource dropped; externalID string; podCIDR string; podCIDRs []string set merge; providerID string; taints []Taint atomic; unschedulable bool
NodeStatus: addresses []NodeAddress map(type) merge(type); allocatable {}quantity; capacity {}quantity; conditions []NodeCondition map(type) merge(type); config NodeConfigStatus; daemonEndpoints NodeDaemonEndpoints struct; declaredFeatures []string atomic; features NodeFeatures; images []ContainerImage atomic; nodeInfo NodeSystemInfo struct; phase string enum(Pending|Running|Terminated); runtimeHandlers []NodeRuntimeHandler atomic; volumesAttached []AttachedVolume atomic; volumesInUse []string atomic
NodeSwapStatus: capacity int64 ptr
NodeSystemInfo: architecture! string; bootID! string; containerRuntimeVersion! string; kernelVersion! string; kubeProxyVersion! string; kubeletVersion! string; machineID! string; operatingSystem! string; osImage! string; swap NodeSwapStatus; systemUUID! string
ObjectFieldSelector atomic: apiVersion string; fieldPath! string
ObjectReference atomic: apiVersion string; fieldPath string; kind string; name string; namespace string; resourceVersion string; uid string
PersistentVolume: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PersistentVolumeSpec struct; status PersistentVolumeStatus struct
PersistentVolumeClaim: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PersistentVolumeClaimSpec struct; status PersistentVolumeClaimStatus struct
PersistentVolumeClaimCondition: lastProbeTime time always; lastTransitionTime time always; message string; reason string; status! string; type! string
PersistentVolumeClaimSpec: accessModes []string atomic; dataSource TypedLocalObjectReference; dataSourceRef TypedObjectReference; resources VolumeResourceRequirements struct; selector meta.LabelSelector; storageClassName string ptr; volumeAttributesClassName string ptr; volumeMode string ptr enum(Block|Filesystem); volumeName string
PersistentVolumeClaimStatus: accessModes []string atomic; allocatedResourceStatuses {}string granular; allocatedResources {}quantity; capacity {}quantity; conditions []PersistentVolumeClaimCondition map(type) merge(type); currentVolumeAttributesClassName string ptr; modifyVolumeStatus ModifyVolumeStatus; phase string enum(Bound|Lost|Pending)
PersistentVolumeClaimTemplate: metadata meta.ObjectMeta struct; spec! PersistentVolumeClaimSpec struct
PersistentVolumeClaimVolumeSource: claimName! string; readOnly bool
PersistentVolumeSpec: accessModes []string atomic; awsElasticBlockStore AWSElasticBlockStoreVolumeSource; azureDisk AzureDiskVolumeSource; azureFile AzureFilePersistentVolumeSource; capacity {}quantity; cephfs CephFSPersistentVolumeSource; cinder CinderPersistentVolumeSource; claimRef ObjectReference granular; csi CSIPersistentVolumeSource; fc FCVolumeSource; flexVolume FlexPersistentVolumeSource; flocker FlockerVolumeSource; gcePersistentDisk GCEPersistentDiskVolumeSource; glusterfs GlusterfsPersistentVolumeSource; hostPath HostPathVolumeSource; iscsi ISCSIPersistentVolumeSource; local LocalVolumeSource; mountOptions []string atomic; nfs NFSVolumeSource; nodeAffinity VolumeNodeAffinity; persistentVolumeReclaimPolicy string enum(Delete|Recycle|Retain); photonPersistentDisk PhotonPersistentDiskVolumeSource; portworxVolume PortworxVolumeSource; quobyte QuobyteVolumeSource; rbd RBDPersistentVolumeSource; scaleIO ScaleIOPersistentVolumeSource; storageClassName string; storageos StorageOSPersistentVolumeSource; volumeAttributesClassName string ptr; volumeMode string ptr enum(Block|Filesystem); vsphereVolume VsphereVirtualDiskVolumeSource
PersistentVolumeStatus: lastPhaseTransitionTime time ptr; message string; phase string enum(Available|Bound|Failed|Pending|Released); reason string
PhotonPersistentDiskVolumeSource: fsType string; pdID! string
Pod: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec PodSpec struct; status PodStatus struct
PodAffinity: preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm atomic; requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm atomic
PodAffinityTerm: labelSelector meta.LabelSelector; matchLabelKeys []string atomic; mismatchLabelKeys []string atomic; namespaceSelector meta.LabelSelector; namespaces []string atomic; topologyKey! string
PodAntiAffinity: preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm atomic; requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm atomic
PodCertificateProjection: certificateChainPath string; credentialBundlePath string; keyPath string; keyType! string omitted; maxExpirationSeconds int32 ptr; signerName! string omitted; userAnnotations {}string
PodCondition: lastProbeTime time always; lastTransitionTime time always; message string; observedGeneration int64; reason string; status! string; type! string
PodDNSConfig: nameservers []string atomic; options []PodDNSConfigOption atomic; searches []string atomic
PodDNSConfigOption: name string; value string ptr
PodExtendedResourceClaimStatus: requestMappings! []ContainerExtendedResourceRequest atomic; resourceClaimName! string
PodIP: ip! string
PodOS: name! string
PodReadinessGate: conditionType! string
PodResourceClaim: name! string; resourceClaimName string ptr; resourceClaimTemplateName string ptr
PodResourceClaimStatus: name! string; resourceClaimName string ptr
PodSchedulingGate: name! string
PodSchedulingGroup: podGroupName string ptr
PodSecurityContext: appArmorProfile AppArmorProfile; fsGroup int64 ptr; fsGroupChangePolicy string ptr enum(Always|OnRootMismatch); runAsGroup int64 ptr; runAsNonRoot bool ptr; runAsUser int64 ptr; seLinuxChangePolicy string ptr; seLinuxOptions SELinuxOptions; seccompProfile SeccompProfile; supplementalGroups []int64 atomic; supplementalGroupsPolicy string ptr enum(Merge|Strict); sysctls []Sysctl atomic; windowsOptions WindowsSecurityContextOptions
PodSpec: activeDeadlineSeconds int64 ptr; affinity Affinity; automountServiceAccountToken bool ptr; containers! []Container map(name) merge(name) struct; dnsConfig PodDNSConfig; dnsPolicy string enum(ClusterFirst|ClusterFirstWithHostNet|Default|None); enableServiceLinks bool ptr; ephemeralContainers []EphemeralContainer map(name) merge(name); hostAliases []HostAlias map(ip) merge(ip); hostIPC bool; hostNetwork bool; hostPID bool; hostUsers bool ptr; hostname string; hostnameOverride string ptr; imagePullSecrets []LocalObjectReference map(name) merge(name); initContainers []Container map(name) merge(name); nodeName string; nodeSelector {}string atomic; os PodOS; overhead {}quantity; preemptionPolicy string ptr enum(Never|PreemptLowerPriority); priority int32 ptr; priorityClassName string; readinessGates []PodReadinessGate atomic; resourceClaims []PodResourceClaim map(name) merge(name) retain; resources ResourceRequirements; restartPolicy string enum(Always|Never|OnFailure); runtimeClassName string ptr; schedulerName string; schedulingGates []PodSchedulingGate map(name) merge(name); schedulingGroup PodSchedulingGroup dropped; securityContext PodSecurityContext; serviceAccount string; serviceAccountName string; setHostnameAsFQDN bool ptr; shareProcessNamespace bool ptr; subdomain string; terminationGracePeriodSeconds int64 ptr; tolerations []Toleration atomic; topologySpreadConstraints []TopologySpreadConstraint map(topologyKey,whenUnsatisfiable) merge(topologyKey); volumes []Volume map(name) merge(name) retain
PodStatus: allocatedResources {}quantity; conditions []PodCondition map(type) merge(type); containerStatuses []ContainerStatus atomic; ephemeralContainerStatuses []ContainerStatus atomic; extendedResourceClaimStatus PodExtendedResourceClaimStatus; hostIP string; hostIPs []HostIP atomic merge(ip); initContainerStatuses []ContainerStatus atomic; message string; nodeAllocatableResourceClaimStatuses []NodeAllocatableResourceClaimStatus atomic; nominatedNodeName string; observedGeneration int64; phase string enum(Failed|Pending|Running|Succeeded|Unknown); podIP string; podIPs []PodIP map(ip) merge(ip); qosClass string enum(BestEffort|Burstable|Guaranteed); reason string; resize string; resourceClaimStatuses []PodResourceClaimStatus map(name) merge(name) retain; resources ResourceRequirements; startTime time ptr
PodTemplate: apiVersion string; kind string; metadata meta.ObjectMeta struct; template PodTemplateSpec struct
PodTemplateSpec: metadata meta.ObjectMeta struct; spec PodSpec struct
PortStatus: error string ptr; port! int32; protocol! string enum(SCTP|TCP|UDP)
PortworxVolumeSource: fsType string; readOnly bool; volumeID! string
PreferredSchedulingTerm: preference! NodeSelectorTerm struct; weight! int32
Probe: exec ExecAction; failureThreshold int32; grpc GRPCAction; httpGet HTTPGetAction; initialDelaySeconds int32; periodSeconds int32; successThreshold int32; tcpSocket TCPSocketAction; terminationGracePeriodSeconds int64 ptr; timeoutSeconds int32
ProjectedVolumeSource: defaultMode int32 ptr; sources []VolumeProjection always atomic
QuobyteVolumeSource: group string; readOnly bool; registry! string; tenant string; user string; volume! string
RBDPersistentVolumeSource: fsType string; image! string; keyring string ="/etc/ceph/keyring"; monitors! []string atomic; pool string ="rbd"; readOnly bool; secretRef SecretReference; user string ="admin"
RBDVolumeSource: fsType string; image! string; keyring string ="/etc/ceph/keyring"; monitors! []string atomic; pool string ="rbd"; readOnly bool; secretRef LocalObjectReference; user string ="admin"
ReplicationController: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ReplicationControllerSpec struct; status ReplicationControllerStatus struct
ReplicationControllerCondition: lastTransitionTime time always; message string; reason string; status! string; type! string
ReplicationControllerSpec: minReadySeconds int32; replicas int32 ptr =1; selector {}string atomic; template PodTemplateSpec
ReplicationControllerStatus: availableReplicas int32; conditions []ReplicationControllerCondition map(type) merge(type); fullyLabeledReplicas int32; observedGeneration int64; readyReplicas int32; replicas! int32
ResourceClaim: name! string; request string
ResourceFieldSelector atomic: containerName string; divisor quantity always; resource! string
ResourceHealth: health string; message string ptr; resourceID! string
ResourceQuota: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ResourceQuotaSpec struct; status ResourceQuotaStatus struct
ResourceQuotaSpec: hard {}quantity; scopeSelector ScopeSelector; scopes []string atomic
ResourceQuotaStatus: hard {}quantity; used {}quantity
ResourceRequirements: claims []ResourceClaim map(name); limits {}quantity; requests {}quantity
ResourceStatus: name! string; resources []ResourceHealth map(resourceID)
SELinuxOptions: level string; role string; type string; user string
ScaleIOPersistentVolumeSource: fsType string ="xfs"; gateway! string; protectionDomain string; readOnly bool; secretRef! SecretReference; sslEnabled bool; storageMode string ="ThinProvisioned"; storagePool string; system! string; volumeName string
ScaleIOVolumeSource: fsType string ="xfs"; gateway! string; protectionDomain string; readOnly bool; secretRef! LocalObjectReference; sslEnabled bool; storageMode string ="ThinProvisioned"; storagePool string; system! string; volumeName string
ScopeSelector atomic: matchExpressions []ScopedResourceSelectorRequirement atomic
ScopedResourceSelectorRequirement: operator! string enum(DoesNotExist|Exists|In|NotIn); scopeName! string enum(BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass); values []string atomic
SeccompProfile: localhostProfile string ptr; type! string enum(Localhost|RuntimeDefault|Unconfined)
Secret: apiVersion string; data {}bytes; immutable bool ptr; kind string; metadata meta.ObjectMeta struct; stringData {}string; type string
SecretEnvSource: name string; optional bool ptr
SecretKeySelector atomic: key! string; name string; optional bool ptr
SecretProjection: items []KeyToPath atomic; name string; optional bool ptr
SecretReference atomic: name string; namespace string
SecretVolumeSource: defaultMode int32 ptr; items []KeyToPath atomic; optional bool ptr; secretName string
SecurityContext: allowPrivilegeEscalation bool ptr; appArmorProfile AppArmorProfile; capabilities Capabilities; privileged bool ptr; procMount string ptr enum(Default|Unmasked); readOnlyRootFilesystem bool ptr; runAsGroup int64 ptr; runAsNonRoot bool ptr; runAsUser int64 ptr; seLinuxOptions SELinuxOptions; seccompProfile SeccompProfile; windowsOptions WindowsSecurityContextOptions
Service: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec ServiceSpec struct; status ServiceStatus struct
ServiceAccount: apiVersion string; automountServiceAccountToken bool ptr; imagePullSecrets []LocalObjectReference atomic; kind string; metadata meta.ObjectMeta struct; secrets []ObjectReference map(name) merge(name)
ServiceAccountTokenProjection: audience string; expirationSeconds int64 ptr; path! string
ServicePort: appProtocol string ptr; name string; nodePort int32; port! int32; protocol string enum(SCTP|TCP|UDP) ="TCP"; targetPort intorstring
ServiceSpec: allocateLoadBalancerNodePorts bool ptr; clusterIP string; clusterIPs []string atomic; externalIPs []string atomic; externalName string; externalTrafficPolicy string enum(Cluster|Local); healthCheckNodePort int32; internalTrafficPolicy string ptr enum(Cluster|Local); ipFamilies []string atomic; ipFamilyPolicy string ptr enum(PreferDualStack|RequireDualStack|SingleStack); loadBalancerClass string ptr; loadBalancerIP string; loadBalancerSourceRanges []string atomic; ports []ServicePort map(port,protocol) merge(port); publishNotReadyAddresses bool; selector {}string atomic; sessionAffinity string enum(ClientIP|None); sessionAffinityConfig SessionAffinityConfig; trafficDistribution string ptr; type string enum(ClusterIP|ExternalName|LoadBalancer|NodePort)
ServiceStatus: conditions []meta.Condition map(type) merge(type); loadBalancer LoadBalancerStatus struct
SessionAffinityConfig: clientIP ClientIPConfig
SleepAction: seconds! int64
StorageOSPersistentVolumeSource: fsType string; readOnly bool; secretRef ObjectReference; volumeName string; volumeNamespace string
StorageOSVolumeSource: fsType string; readOnly bool; secretRef LocalObjectReference; volumeName string; volumeNamespace string
Sysctl: name! string; value! string
TCPSocketAction: host string; port! intorstring
Taint: effect! string enum(NoExecute|NoSchedule|PreferNoSchedule); key! string; timeAdded time ptr; value string
Toleration: effect string enum(NoExecute|NoSchedule|PreferNoSchedule); key string; operator string enum(Equal|Exists|Gt|Lt); tolerationSeconds int64 ptr; value string
TopologySelectorLabelRequirement: key! string; values! []string atomic
TopologySelectorTerm atomic: matchLabelExpressions []TopologySelectorLabelRequirement atomic
TopologySpreadConstraint: labelSelector meta.LabelSelector; matchLabelKeys []string atomic; maxSkew! int32; minDomains int32 ptr; nodeAffinityPolicy string ptr enum(Honor|Ignore); nodeTaintsPolicy string ptr enum(Honor|Ignore); topologyKey! string; whenUnsatisfiable! string enum(DoNotSchedule|ScheduleAnyway)
TypedLocalObjectReference atomic: apiGroup string ptr always; kind! string; name! string
TypedObjectReference: apiGroup string ptr always; kind! string; name! string; namespace string ptr
Volume: awsElasticBlockStore AWSElasticBlockStoreVolumeSource; azureDisk AzureDiskVolumeSource; azureFile AzureFileVolumeSource; cephfs CephFSVolumeSource; cinder CinderVolumeSource; configMap ConfigMapVolumeSource; csi CSIVolumeSource; downwardAPI DownwardAPIVolumeSource; emptyDir EmptyDirVolumeSource; ephemeral EphemeralVolumeSource; fc FCVolumeSource; flexVolume FlexVolumeSource; flocker FlockerVolumeSource; gcePersistentDisk GCEPersistentDiskVolumeSource; gitRepo GitRepoVolumeSource; glusterfs GlusterfsVolumeSource; hostPath HostPathVolumeSource; image ImageVolumeSource; iscsi ISCSIVolumeSource; name! string; nfs NFSVolumeSource; persistentVolumeClaim PersistentVolumeClaimVolumeSource; photonPersistentDisk PhotonPersistentDiskVolumeSource; portworxVolume PortworxVolumeSource; projected ProjectedVolumeSource; quobyte QuobyteVolumeSource; rbd RBDVolumeSource; scaleIO ScaleIOVolumeSource; secret SecretVolumeSource; storageos StorageOSVolumeSource; vsphereVolume VsphereVirtualDiskVolumeSource
VolumeDevice: devicePath! string; name! string
VolumeMount: mountPath! string; mountPropagation string ptr enum(Bidirectional|HostToContainer|None); name! string; readOnly bool; recursiveReadOnly string ptr; subPath string; subPathExpr string
VolumeMountStatus: mountPath! string; name! string; readOnly bool; recursiveReadOnly string ptr; volumeStatus VolumeStatus
VolumeNodeAffinity: required NodeSelector
VolumeProjection: clusterTrustBundle ClusterTrustBundleProjection dropped; configMap ConfigMapProjection; downwardAPI DownwardAPIProjection; podCertificate PodCertificateProjection dropped; secret SecretProjection; serviceAccountToken ServiceAccountTokenProjection
VolumeResourceRequirements: limits {}quantity; requests {}quantity
VolumeStatus: image ImageVolumeStatus
VsphereVirtualDiskVolumeSource: fsType string; storagePolicyID string; storagePolicyName string; volumePath! string
WeightedPodAffinityTerm: podAffinityTerm! PodAffinityTerm struct; weight! int32
WindowsSecurityContextOptions: gmsaCredentialSpec string ptr; gmsaCredentialSpecName string ptr; hostProcess bool ptr; runAsUserName string ptr
`,
};
