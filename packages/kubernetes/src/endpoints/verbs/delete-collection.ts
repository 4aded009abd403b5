import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { storagePrefix } from '../../registry/resources/resource-type.ts';
import { prepareObjects, presentObject } from '../../registry/store/present.ts';
import { scan } from '../../registry/store/scan.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Call } from '../call.ts';
import { selectionOf } from '../list/selection.ts';
import { jsonResponse } from '../respond.ts';
import { deleteOptions } from './delete-options.ts';

/** Deletions that run at the same time. */
const PARALLEL = 64;

/** `DELETE` of a collection: deletes every selected object, and answers with the deleted ones. */
export async function removeCollection(call: Call): Promise<KubeResponse> {
  const { api, type, path, user, now, warnings } = call;
  const options = await deleteOptions(call);
  const { matches } = selectionOf(call);
  const write = { ...options, user, now, warnings, manager: '', admissionView: { name: '' } };
  const deleted: StoredObject[] = [];
  let wave: Promise<void>[] = [];

  const one = async (object: StoredObject): Promise<void> => {
    const { name = '', namespace = '' } = object.shared<{
      metadata: { name?: string; namespace?: string };
    }>().metadata;

    try {
      deleted.push((await api.store.delete(type, namespace, name, write)).object);
    } catch (error) {
      // Another request deleted it.
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') {
        throw error;
      }
    }
  };

  for (const object of scan(
    api.store.backend.range({ prefix: storagePrefix(type, path.namespace) }),
    matches,
  )) {
    if (!object) {
      await yieldToEventLoop();
      continue;
    }

    wave.push(one(object));

    if (wave.length === PARALLEL) {
      await Promise.all(wave);
      wave = [];
    }
  }

  await Promise.all(wave);
  await prepareObjects(type, deleted);

  return jsonResponse({
    kind: type.listKind,
    apiVersion: apiVersionOf(type),
    metadata: {
      ...(type.custom && { continue: '' }),
      resourceVersion: String(api.store.backend.revision),
    },
    items: deleted.map((object) => {
      const { kind, apiVersion, ...item } = presentObject(type, object);
      return type.custom ? { apiVersion, kind, ...item } : item;
    }),
  });
}
