// What the scenarios about writes of objects share: paths of collections and scenarios that are
// lists of objects to create.

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

/** Path of a resource's collection in the scenario's namespace. */
export function path(api, resource) {
  const group = Object.keys(groups).find((name) => groups[name].split(' ').includes(resource));
  const prefix =
    group === undefined ? '/api/v1' : `/apis/${group.includes('/') ? group : `${group}/v1`}`;
  return `${prefix}${clusterWide.has(resource) ? '' : `/namespaces/${api.namespace}`}/${resource}`;
}

/**
 * A scenario that tries to create each object; what is created stays until the namespace goes, or
 * is deleted at once.
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
 * A scenario that creates an object and then tries to replace it by changed copies, each made from
 * the stored object.
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

        // Controllers of the real server write too: what is asked here is not who was first.
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
