import { type StatusCause, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  apiVersionOf,
  type KubeObject,
  type WatchEvent,
} from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { forbiddenField, notSupported } from '@ks-apiserver/apimachinery/validation/field';
import type { Converter } from '../../registry/extensions/crd/webhook-conversion.ts';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import { isConverted } from '../../registry/store/present.ts';
import type { Watcher } from '../../registry/store/watch-hub.ts';
import type { Call } from '../call.ts';
import { type Form, negotiate } from '../codec/negotiate.ts';
import { integerOption, invalidListOptions, parseRevision } from '../list/list-options.ts';
import { partialObject, tableOf } from '../list/meta-forms.ts';
import { selectionOf } from '../list/selection.ts';
import { isTrue } from '../query.ts';

/** Watches end after 30 to 60 minutes by themselves (kube-apiserver's min-request-timeout). */
const MIN_TIMEOUT_S = 1800;
const BATCH_BYTES = 256 * 1024;

/** What is wrong with the resourceVersionMatch of a watch. */
function matchCauses(query: URLSearchParams): StatusCause[] {
  const field = 'resourceVersionMatch';
  const match = query.get(field) ?? '';

  if (!query.has('sendInitialEvents')) {
    const causes: StatusCause[] = [];

    if (match !== '') {
      const why =
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      causes.push(forbiddenField(field, why));
    }

    if (query.get('continue')) {
      causes.push(
        forbiddenField(field, 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }

    if (match !== '' && match !== 'NotOlderThan') {
      causes.push(notSupported(field, match, ['NotOlderThan']));
    }

    return causes;
  }

  if (match === 'NotOlderThan') {
    return [];
  }

  const needed = forbiddenField(
    field,
    'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );

  return match === '' ? [needed] : [needed, notSupported(field, match, ['NotOlderThan'])];
}

/** Starts the watch of a call; throws StatusErrors 400 and 422. */
export function startWatch(call: Call): Watcher {
  const { query, type, path } = call;
  const form = negotiate(call.request.headers.accept, { type: call.type, as: 'watch' });
  const sendInitialEvents = isTrue(query, 'sendInitialEvents');
  const causes = matchCauses(query);
  if (causes.length > 0) {
    throw invalidListOptions(causes);
  }

  const revision = parseRevision(query.get('resourceVersion'));
  const timeout = integerOption(query.get('timeoutSeconds'));
  const seconds = timeout > 0 ? Math.min(timeout, 86_400) : MIN_TIMEOUT_S * (1 + Math.random());
  const bookmarks = isTrue(query, 'allowWatchBookmarks');
  const since =
    sendInitialEvents || revision === undefined || revision === 0 ? undefined : revision;

  return call.api.hub.watch({
    type: isConverted(type) ? storedType(type) : type,
    namespace: path.namespace,
    matches: selectionOf(call).matches,
    since:
      query.has('sendInitialEvents') && !sendInitialEvents && since === undefined
        ? call.api.store.backend.revision
        : since,
    initialEventsEnd: sendInitialEvents && bookmarks,
    bookmarks,
    render: isConverted(type) ? undefined : renderer(call, form),
    timeoutMs: seconds * 1000,
  });
}

function renderer(call: Call, form: Form): ((json: Buffer) => Buffer) | undefined {
  if (form.as === 'object') {
    return undefined;
  }

  let columnsSent = false;

  return (json) => {
    const object = JSON.parse(json.toString('utf8')) as KubeObject;

    if (form.as !== 'Table') {
      return Buffer.from(JSON.stringify(partialObject(object, form)));
    }

    const include = call.query.get('includeObject') ?? 'Metadata';
    const { resourceVersion = '' } = object.metadata;
    const table = tableOf(call.type, object, form, include, { resourceVersion });

    // Only the first event has the columns.
    if (columnsSent) {
      table.columnDefinitions = null;
    }

    columnsSent = true;

    return Buffer.from(JSON.stringify(table));
  };
}

/** `GET` with `watch=true`: events as lines of JSON until the watch ends. */
export async function watch(call: Call): Promise<KubeResponse> {
  const watcher = startWatch(call);
  const converter = call.type.custom?.converter;

  call.request.signal?.addEventListener('abort', () => watcher.return(), { once: true });

  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: converter ? convertedLines(call, watcher, converter) : lines(watcher),
  };
}

/** A custom resource in the version that it is stored in. */
function storedType(type: ResourceType): ResourceType {
  const stored = { ...type, version: type.storage.version };
  if (!type.custom) {
    return stored;
  }

  const { converter: _converter, ...custom } = type.custom;

  return { ...stored, custom: { ...custom, schema: custom.storedSchema } };
}

/**
 * Frames of a watcher of stored objects, each converted by the resource's webhook; ends with an
 * ERROR where that fails.
 */
async function* convertedLines(
  call: Call,
  watcher: Watcher,
  converter: Converter,
): AsyncGenerator<Buffer> {
  const { type } = call;
  const render = renderer(call, negotiate(call.request.headers.accept, { type, as: 'watch' }));
  const apiVersion = apiVersionOf(type);

  try {
    for await (const frame of watcher) {
      const event = JSON.parse(frame.toString('utf8')) as WatchEvent;
      if (event.type !== 'ERROR') {
        if (event.type === 'BOOKMARK') {
          event.object = { ...event.object, apiVersion };
        } else {
          [event.object = event.object] = await converter.convert([event.object], apiVersion);
        }

        const json = Buffer.from(JSON.stringify(event.object));
        event.object = JSON.parse((render ? render(json) : json).toString('utf8'));
      }

      yield Buffer.from(`${JSON.stringify(event)}\n`);
    }
  } catch (error) {
    yield Buffer.from(
      `${JSON.stringify({ type: 'ERROR', object: toStatusError(error).status() })}\n`,
    );
  } finally {
    await watcher.return();
  }
}

/** Frames of a watcher; those that wait already are sent as one piece. */
async function* lines(watcher: Watcher): AsyncGenerator<Buffer> {
  try {
    for await (const frame of watcher) {
      const more = watcher.takeQueued(BATCH_BYTES);
      yield more.length > 0 ? Buffer.concat([frame, ...more]) : frame;
    }
  } finally {
    await watcher.return();
  }
}
