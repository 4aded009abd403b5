import type { GroupVersionKind } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { SchemaGroup } from './group.ts';
import { authentication } from './groups/access/authentication.ts';
import { authorization } from './groups/access/authorization.ts';
import { certificates } from './groups/access/certificates.ts';
import { rbac } from './groups/access/rbac.ts';
import { coordination } from './groups/cluster/coordination.ts';
import { core } from './groups/cluster/core.ts';
import { discovery } from './groups/cluster/discovery.ts';
import { events } from './groups/cluster/events.ts';
import { flowcontrol } from './groups/cluster/flowcontrol.ts';
import { meta } from './groups/cluster/meta.ts';
import { networking } from './groups/cluster/networking.ts';
import { node } from './groups/cluster/node.ts';
import { storage } from './groups/cluster/storage.ts';
import { admissionregistration } from './groups/extensions/admissionregistration.ts';
import { apiextensions } from './groups/extensions/apiextensions.ts';
import { apiregistration } from './groups/extensions/apiregistration.ts';
import { apps } from './groups/workloads/apps.ts';
import { autoscalingV1 } from './groups/workloads/autoscaling-v1.ts';
import { autoscalingV2 } from './groups/workloads/autoscaling-v2.ts';
import { batch } from './groups/workloads/batch.ts';
import { policy } from './groups/workloads/policy.ts';
import { scheduling } from './groups/workloads/scheduling.ts';
import { requireGroup, SchemaParser } from './parse.ts';

const groups = new Map<string, SchemaGroup>(
  Object.entries({
    admissionregistration,
    apiextensions,
    apiregistration,
    apps,
    authentication,
    authorization,
    'autoscaling-v1': autoscalingV1,
    'autoscaling-v2': autoscalingV2,
    batch,
    certificates,
    coordination,
    core,
    discovery,
    events,
    flowcontrol,
    meta,
    networking,
    node,
    policy,
    rbac,
    scheduling,
    storage,
  }),
);

const parser = new SchemaParser(groups);
const byVersion = new Map(
  [...groups].map(([name, { group, version }]) => [`${group}/${version}`, name] as const),
);

byVersion.set('/v1', 'core');

const listSchemas = new Map<string, Schema>();

function groupNameOf(gvk: GroupVersionKind): string | undefined {
  return byVersion.get(`${gvk.group}/${gvk.version}`);
}

function isKind(name: string, kind: string): boolean {
  return requireGroup(groups, name).kinds.split(' ').includes(kind);
}

function listSchema(name: string, kind: string): Schema | undefined {
  const item = kind.slice(0, -'List'.length);
  if (!kind.endsWith('List') || !isKind(name, item)) {
    return undefined;
  }

  const id = `${name}.${kind}`;
  let schema = listSchemas.get(id);
  if (schema === undefined) {
    schema = {
      type: 'object',
      'x-definition': `${requireGroup(groups, name).definitions}.${kind}`,
      description: `A list of ${item} objects.`,
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: parser.require(name, item) },
        kind: { type: 'string' },
        metadata: parser.require('meta', 'ListMeta'),
      },
      required: ['items'],
    };

    listSchemas.set(id, schema);
  }

  return schema;
}

/**
 * The schema of a whole object of a built-in kind (or of its list kind) of Kubernetes 1.36, with
 * apiVersion, kind and metadata; undefined for other kinds. Parsed on first use, always the same
 * object afterwards.
 */
export function builtinSchema(gvk: GroupVersionKind): Schema | undefined {
  const name = groupNameOf(gvk);
  if (name === undefined) {
    return undefined;
  }

  return isKind(name, gvk.kind) ? parser.type(name, gvk.kind) : listSchema(name, gvk.kind);
}

/**
 * A type that all groups share, such as `ObjectMeta`, `ListMeta`, `Status` or `DeleteOptions`;
 * throws for another name.
 */
export function metaSchema(name: string): Schema {
  const schema = parser.type('meta', name);
  if (schema === undefined) {
    throw new RangeError(`no type ${name} in meta/v1`);
  }

  return schema;
}

/** All kinds that have a schema, without list kinds. */
export function builtinKinds(): GroupVersionKind[] {
  return [...groups.values()].flatMap(({ group, version, kinds }) =>
    kinds
      .split(' ')
      .filter((kind) => kind !== '')
      .map((kind) => ({ group, version, kind })),
  );
}
