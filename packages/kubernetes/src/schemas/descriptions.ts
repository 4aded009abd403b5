// What `kubectl explain` shows; our own words, `Kind` or `Type.field`.
const texts = `
APIService|Registers another server for one group-version behind this API.
Binding|Binds a pod to a node.
CertificateSigningRequest|Asks a signer for an X.509 certificate.
ClusterRole|A set of permissions for the whole cluster.
ClusterRoleBinding|Grants a ClusterRole to subjects in the whole cluster.
ComponentStatus|Health of a control plane component; deprecated.
ConfigMap|Configuration data that pods read.
ControllerRevision|An immutable snapshot of a controller's template.
CronJob|Makes Jobs on a schedule.
CSIDriver|What a storage driver on the nodes can do.
CSINode|Storage drivers of a node.
CSIStorageCapacity|Free space of a storage class in a part of the cluster.
CustomResourceDefinition|Adds a kind of object to the API.
DaemonSet|Runs a copy of a pod on each node.
Deployment|Keeps a number of equal pods running and replaces them step by step when their template changes.
Endpoints|Addresses behind a Service; EndpointSlice takes its place.
EndpointSlice|A part of the addresses behind a Service.
Event|Something that happened to an object.
Eviction|Asks to remove a pod, unless a PodDisruptionBudget forbids it.
FlowSchema|Sorts requests into priority levels.
HorizontalPodAutoscaler|Changes the number of replicas with the load.
Ingress|Routes HTTP from outside to Services.
IngressClass|A kind of ingress controller.
IPAddress|An address that a Service holds.
Job|Runs pods until enough of them have succeeded.
Lease|A lock or heartbeat that expires.
LimitRange|Smallest, largest and default resource amounts in a namespace.
LocalSubjectAccessReview|Asks whether a user may do something in a namespace.
MutatingWebhookConfiguration|Webhooks that may change objects on their way in.
Namespace|A scope for names.
NetworkPolicy|Which traffic pods may receive and send.
Node|A machine that runs pods.
PersistentVolume|A piece of storage of the cluster.
PersistentVolumeClaim|A request for storage.
Pod|One or more containers that run together on a node.
PodDisruptionBudget|How many pods of a set may be down by choice at a time.
PodTemplate|A template for pods.
PriorityClass|A named priority for pods.
PriorityLevelConfiguration|Limits of a priority level of requests.
ReplicaSet|Keeps a number of equal pods running.
ReplicationController|Keeps a number of equal pods running; Deployment takes its place.
ResourceQuota|Upper bounds of what a namespace may use.
Role|A set of permissions in a namespace.
RoleBinding|Grants a Role or ClusterRole to subjects in a namespace.
RuntimeClass|A container runtime that pods can choose.
Scale|The number of replicas, wanted and present, of a scalable object.
Secret|Small confidential data that pods read.
SelfSubjectAccessReview|Asks whether the caller may do something.
SelfSubjectReview|Tells the caller who they are.
SelfSubjectRulesReview|Lists what the caller may do in a namespace.
Service|A stable name and address for a set of pods.
ServiceAccount|An identity for programs in pods.
ServiceCIDR|A range of addresses for Services.
StatefulSet|Keeps pods with stable names and storage running.
StorageClass|A kind of storage that claims can ask for.
SubjectAccessReview|Asks whether a user may do something.
TokenRequest|Asks for a token of a service account.
TokenReview|Asks who a token belongs to.
ValidatingAdmissionPolicy|Checks objects on their way in, by expressions.
ValidatingAdmissionPolicyBinding|Puts a ValidatingAdmissionPolicy into effect.
ValidatingWebhookConfiguration|Webhooks that may refuse objects on their way in.
VolumeAttachment|Attaches a volume to a node.
VolumeAttributesClass|Changeable attributes of volumes.
ObjectMeta|Metadata that every stored object has.
ObjectMeta.name|Unique among objects of the kind in a namespace; cannot be changed.
ObjectMeta.generateName|Prefix from which the server makes a unique name when none is given.
ObjectMeta.namespace|Scope of the name; cannot be changed.
ObjectMeta.labels|Short keys and values to select objects by.
ObjectMeta.annotations|Keys and values for tools and people; not selectable.
ObjectMeta.finalizers|What must be done before the object really goes away.
ObjectMeta.ownerReferences|Objects without which this one is removed.
ObjectMeta.managedFields|Which client set which field.
ObjectMeta.resourceVersion|Changes with every write; opaque.
ObjectMeta.uid|Unique over all objects and time.
ObjectMeta.creationTimestamp|When the server made the object.
ObjectMeta.deletionTimestamp|When the object is to go away; set by the server on deletion.
ObjectMeta.generation|Counts changes of the wanted state.
PodSpec|What a pod runs and how.
PodSpec.containers|Containers of the pod; at least one.
PodSpec.initContainers|Containers that run to completion, in order, before the others start.
PodSpec.ephemeralContainers|Containers added to a running pod for debugging.
PodSpec.volumes|Volumes that containers can mount.
PodSpec.nodeName|The node that runs the pod; set by the scheduler.
PodSpec.nodeSelector|Labels that the node must have.
PodSpec.serviceAccountName|Service account that the pod runs as.
PodSpec.restartPolicy|When containers are started again: Always, OnFailure or Never.
PodSpec.hostNetwork|Uses the node's network.
PodSpec.imagePullSecrets|Secrets with credentials for image registries.
PodSpec.tolerations|Taints of nodes that the pod bears.
PodSpec.affinity|Rules on where the pod is placed.
PodSpec.terminationGracePeriodSeconds|Seconds between the request to stop and the kill.
PodSpec.dnsPolicy|Where names are resolved.
PodSpec.priorityClassName|Name of the pod's PriorityClass.
PodSpec.securityContext|Security settings for all containers.
PodStatus.phase|Where the pod is in its life: Pending, Running, Succeeded, Failed or Unknown.
Container|A program in an image and how it is run.
Container.name|Unique in the pod; a DNS label.
Container.image|Image to run.
Container.command|Replaces the image's entrypoint.
Container.args|Replaces the image's arguments.
Container.env|Environment variables.
Container.envFrom|ConfigMaps and Secrets whose keys become environment variables.
Container.ports|Ports that the container listens on.
Container.resources|Compute resources that the container asks for and may use.
Container.volumeMounts|Where volumes appear in the file system.
Container.livenessProbe|The container is restarted when this check fails.
Container.readinessProbe|The pod gets no traffic of Services while this check fails.
Container.startupProbe|Other probes wait until this check succeeds.
Container.imagePullPolicy|When the image is pulled: Always, IfNotPresent or Never.
Container.securityContext|Security settings of the container.
Container.workingDir|Working directory.
DeploymentSpec|Wanted state of a Deployment.
DeploymentSpec.replicas|Number of pods; 1 when not given.
DeploymentSpec.selector|Which pods belong to it; must match the template's labels and cannot be changed.
DeploymentSpec.template|The pods it makes.
DeploymentSpec.strategy|How old pods are replaced by new ones.
DeploymentSpec.paused|No replacing of pods while true.
DeploymentSpec.revisionHistoryLimit|Number of old ReplicaSets kept for going back; 10 when not given.
DeploymentSpec.progressDeadlineSeconds|Seconds without progress after which it counts as failed; 600 when not given.
DeploymentSpec.minReadySeconds|Seconds a new pod must be ready to count as available.
ServiceSpec|Wanted state of a Service.
ServiceSpec.type|ClusterIP, NodePort, LoadBalancer or ExternalName.
ServiceSpec.selector|Labels of the pods that get the traffic.
ServiceSpec.ports|Ports that the service offers.
ServiceSpec.clusterIP|Address in the cluster; chosen by the server unless given, None for a headless service.
ServiceSpec.externalIPs|Further addresses that nodes accept traffic on.
ServiceSpec.externalName|DNS name that an ExternalName service stands for.
ServiceSpec.sessionAffinity|ClientIP keeps a client on the same pod.
ServicePort.port|Port of the service.
ServicePort.targetPort|Port of the pods, a number or a name.
ServicePort.nodePort|Port on every node, for NodePort and LoadBalancer.
ConfigMap.data|Keys and their texts.
ConfigMap.binaryData|Keys and their bytes, in base64.
ConfigMap.immutable|No change of the data is allowed any more when true.
Secret.data|Keys and their bytes, in base64.
Secret.stringData|Keys and texts that are written into data; never returned.
Secret.type|What kind of secret it is, which tells what keys it must have.
`;

const common = new Map([
  ['apiVersion', 'Group and version of the object.'],
  ['kind', 'Kind of the object.'],
  ['metadata', 'Name, namespace, labels and other metadata.'],
  ['spec', 'The wanted state.'],
  ['status', 'The state last seen; written by controllers.'],
]);

let descriptions: Map<string, string> | undefined;

/** Description of a type (`Pod`) or a field (`PodSpec.containers`), if there is one. */
export function fieldDescription(path: string): string | undefined {
  descriptions ??= new Map(
    texts
      .trim()
      .split('\n')
      .map((line) => line.split('|') as [string, string]),
  );

  return descriptions.get(path) ?? common.get(path.slice(path.indexOf('.') + 1));
}
