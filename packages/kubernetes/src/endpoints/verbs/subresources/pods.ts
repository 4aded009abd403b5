import { badRequest, conflict, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { aggregate } from '../../../registry/admission/attributes.ts';
import { storagePrefix } from '../../../registry/resources/resource-type.ts';
import { Causes } from '../../../registry/validation/causes.ts';
import { builtinSchema } from '../../../schemas/builtin.ts';
import type { Call } from '../../call.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from '../../codec/body.ts';
import { decodeKind } from '../../codec/decode.ts';
import { jsonResponse } from '../../respond.ts';
import { writeOptions } from '../write-options.ts';

const BINDING = { group: '', version: 'v1', kind: 'Binding' };
const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };

function success(status: number): KubeResponse {
  return jsonResponse(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: status },
    status,
  );
}

/** The metadata of a body that is sent to a pod's subresource. */
function subresourceMetadata({ path }: Call, name: string): Pick<KubeObject, 'metadata'> {
  return { metadata: { name, namespace: path.namespace } };
}

/** `POST pods/x/binding` (and `POST bindings`): assigns a pod to a node. */
export async function bindPod(call: Call): Promise<KubeResponse> {
  const { api, path, now } = call;

  const body = parseBody(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
    'Binding',
  );

  const binding = decodeKind(body, BINDING, builtinSchema(BINDING), 'Warn', call.warnings);
  const name = binding.metadata.name ?? '';
  if (path.name !== '' && path.name !== name) {
    throw badRequest('name in URL does not match name in Binding object');
  }

  const { kind = '', name: node = '' } = binding.target ?? {};
  const out = new Causes();

  if (kind !== '' && kind !== 'Node') {
    out.unsupported('target.kind', kind, ['Node', '<empty>']);
  }
  if (node === '') {
    out.required('target.name');
  }

  if (out.list.length > 0) {
    // Kubernetes answers this with 500 and nothing but the text.
    const lines = out.list.map(({ field, message }) => `${field}: ${message}`);
    throw new StatusError(500, '', aggregate(lines));
  }

  const pods = api.catalog.require('', 'v1', 'pods');
  await api.store.update(pods, path.namespace, name, {
    subresource: 'binding',
    tracksFields: true,
    change: (pod) => {
      if (pod.metadata.deletionTimestamp) {
        throw conflict(
          { resource: 'pods/binding', name },
          `pod ${name} is being deleted, cannot be assigned to a host`,
        );
      }

      if ((pod.spec.schedulingGates ?? []).length > 0) {
        throw conflict(
          { resource: 'pods/binding', name },
          `pod ${name} has non-empty .spec.schedulingGates`,
        );
      }

      if (pod.spec.nodeName) {
        throw conflict(
          { resource: 'pods/binding', name },
          `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
        );
      }

      pod.spec.nodeName = node;

      const conditions = (pod.status?.conditions ?? []).filter(
        ({ type }: { type: string }) => type !== 'PodScheduled',
      );

      const scheduled = {
        type: 'PodScheduled',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: timestamp(now),
      };

      pod.status = { ...pod.status, conditions: [...conditions, scheduled] };

      return pod;
    },
    options: {
      ...writeOptions(call, 'CreateOptions'),
      admissionView: {
        operation: 'CREATE',
        withoutOld: true,
        carries: { ...binding, ...subresourceMetadata(call, name) },
      },
    },
  });

  return success(201);
}

/** Evicting pods in these phases, or pods being deleted, is no disruption. */
const UNDISTURBED = new Set(['Pending', 'Succeeded', 'Failed']);

/**
 * Throws a StatusError 429 when a PodDisruptionBudget allows no disruption of the pod (Kubernetes
 * "Disruptions").
 */
function checkBudgets(call: Call): void {
  const { api, path, type } = call;
  const pod = api.store.get(type, path.namespace, path.name).shared<KubeObject>();
  if (UNDISTURBED.has(pod.status?.phase) || pod.metadata.deletionTimestamp) {
    return;
  }

  const budgets = api.catalog.require('policy', 'v1', 'poddisruptionbudgets');
  for (const stored of api.store.backend.range({
    prefix: storagePrefix(budgets, path.namespace),
  })) {
    const { metadata, spec, status } = stored.shared<KubeObject>();
    if (!spec?.selector || !labelSelectorFrom(spec.selector).matches(pod.metadata.labels)) {
      continue;
    }
    if ((status?.disruptionsAllowed ?? 0) > 0) {
      continue;
    }

    const needs = `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`;

    throw new StatusError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [{ reason: 'DisruptionBudget', message: needs }],
      },
    );
  }
}

/** `POST pods/x/eviction`: deletes a pod unless a PodDisruptionBudget forbids it. */
export async function evictPod(call: Call): Promise<KubeResponse> {
  const { api, path, user, now, warnings, type } = call;

  const body = parseBody(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
    'Eviction',
  );

  const eviction = decodeKind(body, EVICTION, builtinSchema(EVICTION), 'Warn', call.warnings);
  const { dryRun, requestOptions } = writeOptions(call, 'CreateOptions');

  checkBudgets(call);

  await api.store.delete(type, path.namespace, path.name, {
    user,
    now,
    warnings,
    dryRun,
    manager: '',
    ...eviction.deleteOptions,
    ...(requestOptions && { requestOptions }),
    admissionView: {
      operation: 'CREATE',
      subresource: 'eviction',
      withoutOld: true,
      carries: { ...eviction, ...subresourceMetadata(call, path.name) },
    },
  });

  return success(201);
}

/** log, exec, attach, portforward and proxy need a running container, and none runs here. */
export async function needsKubelet(call: Call): Promise<KubeResponse> {
  const { name, namespace, subresource } = call.path;
  call.api.store.get(call.type, namespace, name);
  const message = `${subresource} of ${call.type.singular} ${name} is not available: the embedded Kubernetes API runs no containers`;
  throw new StatusError(503, 'ServiceUnavailable', message);
}
