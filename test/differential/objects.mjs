// Helpers of the scenarios about writes of objects: paths of collections, and scenarios made of
// lists of objects.

const groups = {
  apps: 'deployments statefulsets daemonsets replicasets controllerrevisions',
  batch: 'jobs cronjobs',
  'networking.k8s.io': 'ingresses ingressclasses networkpolicies ipaddresses servicecidrs',
  'rbac.authorization.k8s.io': 'roles rolebindings clusterroles clusterrolebindings',
  'storage.k8s.io':
    'storageclasses csidrivers csinodes csistoragecapacities volumeattachments volumeattributesclasses',
  policy: 'poddisruptionbudgets',
  'scheduling.k8s.io': 'priorityclasses',
  'coordination.k8s.io': 'leases',
  'discovery.k8s.io': 'endpointslices',
  'node.k8s.io': 'runtimeclasses',
  'autoscaling/v2': 'horizontalpodautoscalers',
  'admissionregistration.k8s.io':
    'validatingwebhookconfigurations mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings',
  'certificates.k8s.io': 'certificatesigningrequests',
  'flowcontrol.apiserver.k8s.io': 'flowschemas prioritylevelconfigurations',
  'apiregistration.k8s.io': 'apiservices',
};

const clusterWide = new Set(
  (
    'nodes namespaces persistentvolumes ingressclasses ipaddresses servicecidrs clusterroles clusterrolebindings storageclasses ' +
    'csidrivers csinodes volumeattachments volumeattributesclasses priorityclasses runtimeclasses ' +
    'validatingwebhookconfigurations mutatingwebhookconfigurations validatingadmissionpolicies ' +
    'validatingadmissionpolicybindings certificatesigningrequests flowschemas prioritylevelconfigurations apiservices'
  ).split(' '),
);

/** Returns the path of a resource's collection in the scenario's namespace. */
export function path(api, resource) {
  const group = Object.keys(groups).find((name) => groups[name].split(' ').includes(resource));
  const prefix =
    group === undefined ? '/api/v1' : `/apis/${group.includes('/') ? group : `${group}/v1`}`;
  return `${prefix}${clusterWide.has(resource) ? '' : `/namespaces/${api.namespace}`}/${resource}`;
}

/**
 * Returns a scenario that tries to create each object; created objects stay until the namespace is
 * deleted, or are deleted at once.
 */
export function creations(name, resource, objects) {
  return {
    name,
    run: async (api) => {
      for (const object of objects) {
        const { status } = await api.post(path(api, resource), object);
        if (status === 201 && object?.metadata?.name && clusterWide.has(resource)) {
          await api.delete(`${path(api, resource)}/${object.metadata.name}`);
        }
      }
    },
  };
}

/**
 * Returns a scenario that creates an object and then tries to replace it by changed copies, each
 * based on the stored object.
 */
export function changes(name, resource, object, edits) {
  return {
    name,
    run: async (api) => {
      const created = await api.post(path(api, resource), object);
      const at = `${path(api, resource)}/${object.metadata.name}`;
      let current = created.body;

      for (const edit of edits) {
        const next = structuredClone(current);

        // Controllers of the real server write too, and conflicts with them are not compared.
        delete next.metadata.resourceVersion;
        edit(next);

        const answer = await api.put(at, next);
        if (answer.status === 200) {
          current = answer.body;
        }
      }

      if (clusterWide.has(resource)) {
        await api.delete(at);
      }
    },
  };
}
