import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { expired, type StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { WatchEvent } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend, Snapshot, StorageEvent } from '../../storage/backend.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import { type ResourceType, storagePrefix } from '../resources/resource-type.ts';
import { withResourceVersion } from './encode.ts';
import { presentBytes } from './present.ts';
import { scan } from './scan.ts';

type EventType = WatchEvent['type'];

/** Which objects a watch shows, and in what form. */
export interface WatchRequest {
  type: ResourceType;
  namespace: string;
  /** Without it every object matches. */
  matches?: ((object: StoredObject) => boolean) | undefined;
  /** Events after this revision come first; without it, all objects come as ADDED first. */
  since?: number | undefined;
  /** Ends the initial objects with a bookmark. */
  initialEventsEnd?: boolean;
  bookmarks?: boolean;
  /** The JSON of an object inside an event where it is not the object itself, such as a Table. */
  render?: ((json: Buffer) => Buffer) | undefined;
  timeoutMs: number;
}

/** How much may wait for a watcher that reads slowly. */
export interface WatchLimits {
  bytes: number;
  events: number;
}

const DEFAULT_LIMITS: WatchLimits = { bytes: 32 * 1024 * 1024, events: 20_000 };
const BOOKMARK_INTERVAL_MS = 60_000;
const NEWLINE = Buffer.from('}\n');

/** An event as a line of the response. */
function frame(type: EventType, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, NEWLINE]);
}

function errorFrame(error: StatusError): Buffer {
  return frame('ERROR', Buffer.from(JSON.stringify(error.status())));
}

/** One watch: an iteration over event frames that ends by itself. */
export class Watcher implements AsyncIterableIterator<Buffer> {
  readonly #request: WatchRequest;
  readonly #hub: WatchHub;
  readonly #prefix: string;
  #initial: Iterator<Buffer | undefined> | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #wake: ((result: IteratorResult<Buffer>) => void) | undefined;
  #ended = false;
  #timer: NodeJS.Timeout;

  constructor(hub: WatchHub, request: WatchRequest, initial: Iterator<Buffer | undefined>) {
    this.#hub = hub;
    this.#request = request;
    this.#prefix = storagePrefix(request.type, request.namespace);
    this.#initial = initial;
    this.#timer = setTimeout(() => this.end(), request.timeoutMs);
    this.#timer.unref();
  }

  get type(): ResourceType {
    return this.#request.type;
  }

  /** Sends an event of the watcher's resource, if the watch shows it. */
  offer(event: StorageEvent): void {
    if (this.#ended || !event.key.startsWith(this.#prefix)) {
      return;
    }

    const bytes = this.#hub.frameOf(this.#request, event);
    if (bytes) {
      this.#push(bytes);
    }
  }

  /** Sends a bookmark to a watcher that asked for them and has read everything. */
  bookmark(revision: number): void {
    if (!this.#request.bookmarks || this.#ended || this.#initial || this.#queue.length > 0) {
      return;
    }
    this.#push(bookmarkFrame(this.#request, revision));
  }

  /** Ends the watch after what is queued; with an error, its event comes last. */
  end(error?: StatusError): void {
    if (this.#ended) {
      return;
    }

    this.#ended = true;
    clearTimeout(this.#timer);
    this.#hub.forget(this);

    if (error) {
      this.#queue.push(errorFrame(error));
    }

    const wake = this.#wake;

    this.#wake = undefined;

    if (wake) {
      wake(this.#take());
    }
  }

  #push(bytes: Buffer): void {
    if (this.#wake) {
      const wake = this.#wake;
      this.#wake = undefined;
      wake({ done: false, value: bytes });
      return;
    }

    this.#queue.push(bytes);
    this.#queued += bytes.byteLength;

    const { limits } = this.#hub;
    if (this.#queued > limits.bytes || this.#queue.length > limits.events) {
      this.#queue = [];
      this.#queued = 0;
      this.end(expired('the watch fell too far behind'));
    }
  }

  #take(): IteratorResult<Buffer> {
    const bytes = this.#queue.shift();
    if (bytes === undefined) {
      return { done: true, value: undefined };
    }

    this.#queued -= bytes.byteLength;

    return { done: false, value: bytes };
  }

  /** Takes the events that wait already, up to `maxBytes`, so that they are written at once. */
  takeQueued(maxBytes: number): Buffer[] {
    const taken: Buffer[] = [];
    let size = 0;
    while (!this.#initial && this.#queue.length > 0 && size < maxBytes) {
      const { value } = this.#take();
      taken.push(value);
      size += value.byteLength;
    }

    return taken;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    while (this.#initial) {
      const next = this.#initial.next();
      if (next.done) {
        this.#initial = undefined;
      } else if (next.value) {
        return { done: false, value: next.value };
      } else {
        await yieldToEventLoop();
      }
    }

    if (this.#queue.length > 0 || this.#ended) {
      return this.#take();
    }

    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#initial?.return?.();
    this.#initial = undefined;
    this.#queue = [];
    this.end();

    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Ends the initial objects of a watch that asked for that. */
const INITIAL_EVENTS_END = ',"annotations":{"k8s.io/initial-events-end":"true"}';

function bookmarkFrame(request: WatchRequest, revision: number, annotations = ''): Buffer {
  const { kind, group, version } = request.type;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const json = `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":{"resourceVersion":"${revision}"${annotations}}}`;
  const object = Buffer.from(json);

  return frame('BOOKMARK', request.render ? request.render(object) : object);
}

/** Sends committed events to watchers; frames for watchers without a selector are made once. */
export class WatchHub {
  readonly limits: WatchLimits;
  readonly #backend: Backend;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #frames = new WeakMap<StorageEvent, Map<ResourceType, Buffer>>();
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;

  constructor(backend: Backend, limits: WatchLimits = DEFAULT_LIMITS) {
    this.#backend = backend;
    this.limits = limits;
    this.#stop = backend.onCommit((events) => this.#dispatch(events));

    this.#timer = setInterval(() => {
      for (const watchers of this.#watchers.values()) {
        for (const watcher of watchers) {
          watcher.bookmark(backend.revision);
        }
      }
    }, BOOKMARK_INTERVAL_MS);

    this.#timer.unref();
  }

  /** Begins a watch; a `since` that is no longer remembered ends it at once with a 410 event. */
  watch(request: WatchRequest): Watcher {
    let initial: Iterator<Buffer | undefined>;

    try {
      initial = this.#initial(request);
    } catch (error) {
      const refused = new Watcher(this, request, [].values());
      refused.end(toStatusError(error));
      return refused;
    }

    const watcher = new Watcher(this, request, initial);
    const prefix = storagePrefix(request.type);
    const watchers = this.#watchers.get(prefix) ?? new Set();

    this.#watchers.set(prefix, watchers.add(watcher));

    return watcher;
  }

  forget(watcher: Watcher): void {
    const prefix = storagePrefix(watcher.type);
    const watchers = this.#watchers.get(prefix);

    watchers?.delete(watcher);

    if (watchers?.size === 0) {
      this.#watchers.delete(prefix);
    }
  }

  /** Ends all watches of a resource, because it is served no longer or differently. */
  endWatchesOf(type: ResourceType): void {
    for (const watcher of [...(this.#watchers.get(storagePrefix(type)) ?? [])]) {
      watcher.end();
    }
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);

    for (const watchers of [...this.#watchers.values()]) {
      for (const watcher of [...watchers]) {
        watcher.end();
      }
    }
  }

  /** The frame that a watch sends for an event; undefined when it shows nothing of it. */
  frameOf(request: WatchRequest, event: StorageEvent): Buffer | undefined {
    const { matches } = request;
    if (!matches && !request.render) {
      return this.#sharedFrame(request.type, event);
    }

    const after = event.type !== 'DELETED' && (!matches || matches(event.object));
    const before = event.previous !== undefined && (!matches || matches(event.previous));
    if (!after && !before) {
      return undefined;
    }

    const printed = before ? 'MODIFIED' : 'ADDED';
    const type: EventType = after ? printed : 'DELETED';
    if (!request.render && type === event.type) {
      return this.#sharedFrame(request.type, event);
    }

    const { object, previous = object } = event;
    const json = jsonAt(request.type, after ? object : previous, event.revision);

    return frame(type, request.render ? request.render(json) : json);
  }

  #sharedFrame(type: ResourceType, event: StorageEvent): Buffer {
    let frames = this.#frames.get(event);
    if (!frames) {
      frames = new Map();
      this.#frames.set(event, frames);
    }

    let bytes = frames.get(type);
    if (!bytes) {
      bytes = frame(event.type, jsonAt(type, event.object, event.revision));
      frames.set(type, bytes);
    }

    return bytes;
  }

  #initial(request: WatchRequest): Iterator<Buffer | undefined> {
    const prefix = storagePrefix(request.type, request.namespace);
    const { revision } = this.#backend;
    const end = request.initialEventsEnd
      ? bookmarkFrame(request, revision, INITIAL_EVENTS_END)
      : undefined;

    if (request.since === undefined) {
      return this.#objects(request, this.#backend.range({ prefix }), end);
    }

    return this.#history(request, this.#backend.eventsSince(request.since, prefix));
  }

  *#history(request: WatchRequest, events: readonly StorageEvent[]): Generator<Buffer> {
    for (const event of events) {
      const bytes = this.frameOf(request, event);
      if (bytes) {
        yield bytes;
      }
    }
  }

  /** The frames of the stored objects; undefined where the scan lets other requests run. */
  *#objects(
    request: WatchRequest,
    snapshot: Snapshot,
    end: Buffer | undefined,
  ): Generator<Buffer | undefined> {
    try {
      for (const object of scan(snapshot, request.matches)) {
        if (!object) {
          yield undefined;
          continue;
        }

        const json = presentBytes(request.type, object);
        yield frame('ADDED', request.render ? request.render(json) : json);
      }

      if (end) {
        yield end;
      }
    } finally {
      snapshot.return();
    }
  }

  #dispatch(events: readonly StorageEvent[]): void {
    for (const event of events) {
      // `/registry/<group>/<resource>/`
      const end = event.key.indexOf('/', event.key.indexOf('/', 10) + 1) + 1;
      const watchers = this.#watchers.get(event.key.slice(0, end));
      if (watchers) {
        for (const watcher of watchers) {
          watcher.offer(event);
        }
      }
    }
  }
}

/** An object's JSON with the resourceVersion of the event that shows it. */
function jsonAt(type: ResourceType, object: StoredObject, revision: number): Buffer {
  const bytes = presentBytes(type, object);
  return object.revision === revision
    ? bytes
    : withResourceVersion(bytes, object.revision, revision);
}
