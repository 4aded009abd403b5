import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, invalid, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject, kindText } from '@ks-apiserver/apimachinery/meta/types';
import {
  applyServerSide,
  applySteps,
  checkConfiguration,
} from '@ks-apiserver/apimachinery/patch/apply/apply';
import { jsonTypeName } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { checkTypes } from '@ks-apiserver/apimachinery/schema/decode';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { required } from '@ks-apiserver/apimachinery/validation/field';
import { schemaOf } from '../../registry/resources/kind-rules.ts';
import { matchUrl } from '../../registry/resources/metadata.ts';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import { yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';
import type { Call } from '../call.ts';
import { isLarge, parseYamlBody, requestBody } from '../codec/body.ts';
import { checkMetadata, dropEmptyMetadata } from '../codec/decode.ts';
import { isTrue } from '../query.ts';
import { objectResponse } from '../respond.ts';
import { writeOptions } from './write-options.ts';

/**
 * Parses an apply configuration, which is validated when it is merged. Throws a StatusError 400.
 */
function decodeConfiguration(type: ResourceType, body: Buffer, warnings: string[]): KubeObject {
  let value: unknown;

  try {
    const parsed = parseYamlBody(body);
    value = parsed.value ?? {};
    warnings.push(...(parsed.strictErrors?.('open') ?? []));
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }

    const [why] = messageOf(error).split('\n');
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`);
  }

  if (typeof value !== 'object' || Array.isArray(value)) {
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonTypeName(value)} into Go value of type map[string]interface {}`,
    );
  }

  const { apiVersion = '', kind = '', metadata = {} } = value as Partial<KubeObject>;
  if (kind !== type.kind || apiVersion !== apiVersionOf(type)) {
    throw badRequest(`invalid object type: ${kindText({ apiVersion: String(apiVersion), kind })}`);
  }

  const object = { ...value, kind, apiVersion, metadata } as KubeObject;
  checkMetadata(object);

  return object;
}

/** The configuration of an apply call, checked by the schema of its kind, and how it is merged. */
export interface Application {
  applied: KubeObject;
  options: ReturnType<typeof writeOptions>;
  /**
   * Merges a configuration of the call's own resource into the stored object; throws a StatusError
   * 409.
   */
  merge(configuration: KubeObject, live: KubeObject | undefined): KubeObject;
  /** The same for large objects, letting other requests run between the parts. */
  mergeInTurns(configuration: KubeObject, live: KubeObject | undefined): Promise<KubeObject>;
}

/** Reads an apply patch for a kind; throws StatusErrors 400, 422 and 500. */
export async function readApplication(call: Call, kind: ResourceType): Promise<Application> {
  const { path, type, query, now } = call;
  const options = writeOptions(call, 'PatchOptions');
  const manager = query.get('fieldManager') ?? '';
  if (manager === '') {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, [
      required('fieldManager', 'is required for apply patch'),
    ]);
  }

  const body = await requestBody(call.request);
  const applied = decodeConfiguration(kind, body, call.warnings);

  options.isLarge = isLarge(body);
  if (options.isLarge) {
    await yieldBetweenLargeSteps();
  }

  checkConfiguration(applied, schemaFor(kind));
  matchUrl(type, applied, path.namespace, path.name);

  const { untracked } = call.api.store.strategyOf(type);

  const applyOptions = (configuration: KubeObject, live: KubeObject | undefined) => ({
    live,
    applied: configuration,
    manager,
    force: isTrue(query, 'force'),
    schema: schemaFor(type),
    apiVersion: apiVersionOf(type),
    now,
    ...(path.subresource !== '' && { subresource: path.subresource }),
    ...(untracked && { resetFields: untracked }),
  });

  return {
    applied,
    options,
    merge: (configuration, live) =>
      completeMerged(type, applyServerSide(applyOptions(configuration, live))),
    async mergeInTurns(configuration, live) {
      const steps = applySteps(applyOptions(configuration, live));
      let step = steps.next();
      while (!step.done) {
        await yieldBetweenLargeSteps();
        step = steps.next();
      }

      return completeMerged(type, step.value);
    },
  };
}

/** Decodes a merged object as its kind is decoded. */
function completeMerged(type: ResourceType, merged: KubeObject): KubeObject {
  if (!type.custom) {
    return decodeApplied(merged, schemaFor(type));
  }

  const object = { ...merged, metadata: { ...merged.metadata } };
  dropEmptyMetadata(object);

  return object;
}

/**
 * Decodes a merged object: quantities are merged as they were written, and stored in canonical
 * form.
 */
function decodeApplied(merged: KubeObject, schema: Schema): KubeObject {
  const object = structuredClone(merged);
  checkTypes(object, schema);
  return object;
}

function schemaFor(type: ResourceType): Schema {
  const schema = schemaOf(type);
  if (!schema) {
    throw badRequest(`server-side apply is not possible for ${type.kind}: it has no schema`);
  }

  return schema;
}

/**
 * `PATCH` with `application/apply-patch+yaml`: creates or merges by field ownership (Kubernetes
 * "Server-Side Apply").
 */
export async function applyPatch(call: Call): Promise<KubeResponse> {
  const { path, type, api } = call;
  const { applied, options, merge, mergeInTurns } = await readApplication(call, type);
  const mayCreate = path.subresource === '';

  const written = await api.store.update(type, path.namespace, path.name, {
    subresource: path.subresource,
    change: (live) => merge(applied, live),
    create: mayCreate ? () => merge(applied, undefined) : undefined,
    inTurns: {
      change: (live) => mergeInTurns(applied, live),
      create: mayCreate ? () => mergeInTurns(applied, undefined) : undefined,
    },
    tracksFields: true,
    patch: true,
    options,
  });

  return objectResponse(call, written.object, written.created ? 201 : 200);
}
