import { notFound } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  COMPUTED_GENERATION,
  type ComputedGroup,
  type ComputedKind,
} from '../../registry/resources/computed-group.ts';
import { encodeRecord, type StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';
import { negotiate } from '../codec/negotiate.ts';
import { specialKey, type Verb } from '../dispatch.ts';
import { listResponse } from '../list/list-body.ts';
import { listForm } from '../list/list-forms.ts';
import { selectionOf } from '../list/selection.ts';
import { objectResponse } from '../respond.ts';

/** Returns an object in the form in which stored ones are answered. */
function encoded({ type, path }: Call, object: KubeObject): StoredObject {
  const whole = { kind: type.kind, apiVersion: apiVersionOf(type), ...object };
  const { name = '', namespace = path.namespace, labels = {} } = object.metadata;

  return encodeRecord(`${namespace}/${name}`, 0, {
    bytes: Buffer.from(JSON.stringify(whole)),
    index: { labels, schema: COMPUTED_GENERATION },
  });
}

/** `GET` of one computed object; throws a StatusError 404. */
function getComputed({ read }: ComputedKind): Verb {
  return async (call) => {
    const { name, namespace } = call.path;
    const objects = await read(namespace);
    const found = objects.find(({ metadata }) => metadata.name === name);

    if (!found) {
      throw notFound({ group: call.type.group, resource: call.type.resource, name });
    }

    return objectResponse(call, encoded(call, found));
  };
}

/** `GET` of a collection of computed objects. */
function listComputed({ read }: ComputedKind): Verb {
  return async (call) => {
    const form = negotiate(call.request.headers.accept, { type: call.type, as: 'list' });
    const { matches } = selectionOf(call);
    const objects = await read(call.path.namespace);
    const items = objects
      .map((object) => encoded(call, object))
      .filter((object) => !matches || matches(object));

    return listResponse(call, listForm(call, form, {}), items, { isSelected: false });
  };
}

/** Returns what handles the verbs of a computed group, by the keys of special verbs. */
export function computedVerbs({ group, kinds }: ComputedGroup): readonly [string, Verb][] {
  return kinds.flatMap((kind): [string, Verb][] => [
    [specialKey(group, kind.resource, '', 'get'), getComputed(kind)],
    [specialKey(group, kind.resource, '', 'list'), listComputed(kind)],
  ]);
}
