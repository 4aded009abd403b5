import { badRequest, invalid } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { admissionFailed } from '../../../registry/admission/attributes.ts';
import type { ResourceType } from '../../../registry/resources/resource-type.ts';
import { storedMetadata } from '../../../registry/resources/stored-metadata.ts';
import { setValueAt, valueAt } from '../../../registry/resources/strategies/custom-resources.ts';
import { prepareObjects, presentObject } from '../../../registry/store/present.ts';
import { builtinSchema } from '../../../schemas/builtin.ts';
import type { Call } from '../../call.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from '../../codec/body.ts';
import { decodeKind } from '../../codec/decode.ts';
import { virtualResponse } from '../../respond.ts';
import { readApplication } from '../apply.ts';
import { APPLY_PATCH, readPatch } from '../patch.ts';
import { writeOptions } from '../write-options.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

function selectorText(type: ResourceType, object: KubeObject): string {
  if (type.custom) {
    const path = type.custom.scale?.labelSelectorPath;
    return path ? String(valueAt(object, path) ?? '') : '';
  }

  if (type.resource === 'replicationcontrollers') {
    return labelSelectorFrom({ matchLabels: object.spec?.selector ?? {} }).toString();
  }

  return labelSelectorFrom(object.spec?.selector ?? {}).toString();
}

/** The Scale of an object (Kubernetes autoscaling/v1). */
function scaleOf(type: ResourceType, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = storedMetadata(object);
  const at = type.custom?.scale;
  const given = valueAt(object, at?.specReplicasPath ?? '.spec.replicas');
  if (at && given === undefined) {
    throw admissionFailed(
      `the spec replicas field ${JSON.stringify(at.specReplicasPath)} does not exist`,
    );
  }

  const replicas = Number(given ?? 0);
  const selector = selectorText(type, object);

  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { ...(replicas !== 0 && { replicas }) },
    status: {
      replicas: Number(valueAt(object, at?.statusReplicasPath ?? '.status.replicas') ?? 0),
      ...(selector !== '' && { selector }),
    },
  };
}

/** `GET` of the scale subresource. */
export async function getScale(call: Call): Promise<KubeResponse> {
  const stored = call.api.store.get(call.type, call.path.namespace, call.path.name);
  await prepareObjects(call.type, [stored]);
  const object = presentObject(call.type, stored);
  return virtualResponse(call, SCALE, scaleOf(call.type, object));
}

function replicasPath(type: ResourceType): string {
  return type.custom?.scale?.specReplicasPath ?? '.spec.replicas';
}

function admittedScale(type: ResourceType, object: KubeObject): KubeObject {
  const { metadata, ...rest } = scaleOf(type, object);
  return { apiVersion: 'autoscaling/v1', ...rest, kind: 'Scale', metadata };
}

function setScale(call: Call, object: KubeObject, scale: KubeObject): KubeObject {
  const replicas = scale.spec?.replicas ?? 0;
  if (!Number.isInteger(replicas) || replicas < 0) {
    const { type } = call;
    if (type.custom) {
      const field = replicasPath(type);
      const message = `Invalid value: ${replicas}: should be a non-negative integer`;

      throw invalid({ group: type.group, kind: type.kind, name: call.path.name }, [
        { reason: 'FieldValueInvalid', message, field },
      ]);
    }

    throw invalid({ group: 'autoscaling', kind: 'Scale', name: call.path.name }, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
        field: 'spec.replicas',
      },
    ]);
  }

  setValueAt(object, replicasPath(call.type), replicas);

  if (scale.metadata.resourceVersion) {
    object.metadata.resourceVersion = scale.metadata.resourceVersion;
  }

  return object;
}

async function write(
  call: Call,
  kind: string,
  wished: (current: KubeObject) => KubeObject,
): Promise<KubeResponse> {
  const { api, type, path } = call;

  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: 'scale',
    change: (object) => setScale(call, object, wished(scaleOf(type, object))),
    options: {
      ...writeOptions(call, kind),
      admissionView: {
        of: (object) => admittedScale(type, object),
        put: (object, scale) => setValueAt(object, replicasPath(type), scale.spec?.replicas ?? 0),
      },
    },
  });

  await prepareObjects(type, [written.object]);

  return virtualResponse(call, SCALE, scaleOf(type, presentObject(type, written.object)));
}

/** `PUT` of the scale subresource. */
export async function updateScale(call: Call): Promise<KubeResponse> {
  const body = parseBody(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
    'Scale',
  );

  const scale = decodeKind(body, SCALE, builtinSchema(SCALE), 'Warn', call.warnings);
  const { name } = scale.metadata;
  if (!name) {
    throw badRequest(
      `the name of the object (${call.path.name} based on URL) was undeterminable: name must be provided`,
    );
  }

  if (name !== call.path.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${call.path.name})`,
    );
  }

  return write(call, 'UpdateOptions', () => scale);
}

/** An apply patch of the scale: applies the object's field for the replicas. */
async function applyScale(call: Call, scaleType: ResourceType): Promise<KubeResponse> {
  const { api, type, path } = call;
  const { applied, options, merge, mergeInTurns } = await readApplication(call, scaleType);

  const configuration: KubeObject = {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: { name: path.name, ...(path.namespace && { namespace: path.namespace }) },
  };

  setScale(call, configuration, applied);

  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: 'scale',
    change: (live) => merge(configuration, live),
    inTurns: { change: (live) => mergeInTurns(configuration, live) },
    tracksFields: true,
    patch: true,
    options,
  });

  return virtualResponse(call, SCALE, scaleOf(type, presentObject(type, written.object)));
}

/** `PATCH` of the scale subresource. */
export async function patchScale(call: Call): Promise<KubeResponse> {
  const scaleType = { ...call.type, ...SCALE };
  delete scaleType.custom;

  const mediaType = contentType(call.request);
  if (mediaType === APPLY_PATCH) {
    return applyScale(call, scaleType);
  }

  const change = readPatch(mediaType, await requestBody(call.request, SMALL_BODY_BYTES), scaleType);

  return write(call, 'PatchOptions', (current) =>
    decodeKind(change(scaleType, current).of, SCALE, builtinSchema(SCALE), 'Warn', call.warnings),
  );
}
