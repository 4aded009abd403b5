import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionKind, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { Causes } from './causes.ts';
import { accessRules } from './cluster/access.ts';
import { apiServices } from './cluster/api-services.ts';
import { configMaps, secrets } from './cluster/configuration.ts';
import { flowControlRules } from './cluster/flow-control.ts';
import { limitRanges, resourceQuotas } from './cluster/limits.ts';
import { nodes } from './cluster/nodes.ts';
import { otherRules } from './cluster/others.ts';
import { scalingRulesOf } from './cluster/scaling.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';
import { addressRules } from './network/addresses.ts';
import { endpointSlices, endpoints } from './network/endpoints.ts';
import { ingressRules } from './network/ingresses.ts';
import { services } from './network/services.ts';
import { validatePod } from './pods/pod.ts';
import { validateStatus } from './statuses.ts';
import { claims } from './storage/claims.ts';
import { storageRules } from './storage/classes.ts';
import { volumes } from './storage/volumes.ts';
import type { Validator } from './validator.ts';
import { appRules } from './workloads/apps.ts';
import { cronJobRules } from './workloads/cron-jobs.ts';
import { jobRules } from './workloads/jobs.ts';

const rules = new Map<string, Validator>(
  Object.entries({
    ...accessRules,
    ...addressRules,
    ...flowControlRules,
    ...appRules,
    ...ingressRules,
    ...jobRules,
    ...cronJobRules,
    ...otherRules,
    ...scalingRulesOf,
    ...storageRules,
    '/ConfigMap': configMaps,
    '/Endpoints': endpoints,
    '/LimitRange': limitRanges,
    '/Node': nodes,
    '/PersistentVolume': volumes,
    '/PersistentVolumeClaim': claims,
    '/Pod': validatePod,
    '/ResourceQuota': resourceQuotas,
    '/Secret': secrets,
    '/Service': services,
    'apiregistration.k8s.io/APIService': apiServices,
    'discovery.k8s.io/EndpointSlice': endpointSlices,
  }),
);

/**
 * What is wrong with an object after defaulting, in the words of Kubernetes 1.36: the metadata of
 * every kind, and the fields of kinds that users write; with `old` also immutable fields. A write
 * of the status has its own, fewer rules.
 */
export function validateObject(
  gvk: GroupVersionKind,
  object: KubeObject,
  old?: KubeObject,
  subresource = '',
): StatusCause[] {
  const { metadata } = object;
  const causes = old
    ? validateMetadataUpdate(gvk, metadata, subresource)
    : validateMetadata(gvk, metadata);
  const out = new Causes();
  out.collect(() => {
    if (subresource === 'status') {
      validateStatus(gvk, object, old ?? object, out);
    } else {
      rules.get(`${gvk.group}/${gvk.kind}`)?.(object, old, out, subresource);
    }
  });

  return [...causes, ...out.list];
}
