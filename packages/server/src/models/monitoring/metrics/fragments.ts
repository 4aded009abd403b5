/** Matchers of disks that hold data: block devices without loop devices. */
export const PHYSICAL_DISKS = String.raw`device=~"/dev/.*", device!~"/dev/loop\\d+", job="node-exporter"`;

/** Matchers of network interfaces without those that container networks make. */
export const PHYSICAL_INTERFACES =
  'interface!~"^(cali.+|tunl.+|dummy.+|kube.+|flannel.+|cni.+|docker.+|veth.+|lo.*)"';

/** Takes away what nodes that are not ready have. */
export const EXCEPT_OFFLINE_NODES = `
  unless on (node) (kube_node_status_condition{condition="Ready",status=~"unknown|false"} > 0)`;

/** Pods on nodes that have neither finished, nor are ready, nor start right now. */
export const ABNORMAL_PODS = `(kube_pod_info{node!=""}
  unless on (pod, namespace) (kube_pod_status_phase{job="kube-state-metrics", phase="Succeeded"}>0)
  unless on (pod, namespace) (
    (kube_pod_status_ready{job="kube-state-metrics", condition="true"}>0)
    and on (pod, namespace) (kube_pod_status_phase{job="kube-state-metrics", phase="Running"}>0))
  unless on (pod, namespace) (kube_pod_container_status_waiting_reason{
    job="kube-state-metrics", reason="ContainerCreating"}>0))`;
