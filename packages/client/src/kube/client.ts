import { setTimeout } from 'node:timers/promises';
import { internalError, type Status, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  GroupVersionResource,
  KubeList,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import {
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { queryOf, resourcePath } from './resource-path.ts';
import { frames } from './watch-frames.ts';

/** Longest answer that is read into memory as one object, in bytes. */
const OBJECT_LIMIT = 64 * 1024 * 1024;

/**
 * How long a call waits altogether because the API asks for it with Retry-After, in milliseconds.
 */
const MAX_WAIT_MS = 15_000;

/** Where an object is: its resource, its name and, for namespaced resources, its namespace. */
export interface ObjectKey {
  resource: GroupVersionResource;
  name: string;
  namespace?: string | undefined;
}

/** A body in one piece and its media type. */
export interface CallBody {
  type: string;
  bytes: Uint8Array;
}

/** Options of writes (Kubernetes meta/v1 CreateOptions, UpdateOptions, PatchOptions). */
export interface WriteOptions {
  fieldManager?: string;
  dryRun?: boolean;
  force?: boolean;
  signal?: AbortSignal;
}

/** Options of lists and watches (Kubernetes meta/v1 ListOptions). */
export interface ListOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  limit?: number;
  continue?: string | undefined;
  resourceVersion?: string;
  signal?: AbortSignal;
}

/** Media types of the four kinds of patches. */
export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** Returns the error that an answer with a failure status stands for. */
export function errorFrom(status: number, body: Buffer): StatusError {
  const text = body.subarray(0, 4096).toString();

  try {
    const parsed = JSON.parse(body.toString()) as Partial<Status>;
    if (parsed.kind === 'Status') {
      return new StatusError(
        parsed.code ?? status,
        parsed.reason ?? '',
        parsed.message ?? text,
        parsed.details,
      );
    }
  } catch {
    // The body is no Status: proxies in between answer with plain text.
  }

  return new StatusError(
    status,
    status === 404 ? 'NotFound' : '',
    text.trim() || `the Kubernetes API answered ${status}`,
  );
}

/**
 * Returns how long to wait before the same call is made once more, in milliseconds; undefined when
 * the answer does not ask for it.
 */
function waitFor({ status, headers }: KubeResponse): number | undefined {
  const seconds = Number(status === 429 ? headers['retry-after'] : undefined);
  return seconds >= 0 ? Math.max(seconds * 1000, 100) : undefined;
}

/** The part of the client that only reads. */
export type KubeReader = Pick<KubeClient, 'get' | 'find' | 'list' | 'read'>;

/** Typed calls to a Kubernetes API; every failure is thrown as a StatusError. */
export class KubeClient {
  readonly transport: KubeTransport;

  constructor(transport: KubeTransport) {
    this.transport = transport;
  }

  /** Makes one call and returns its body; throws a StatusError for a status of 300 and above. */
  async raw(method: string, url: string, body?: CallBody, signal?: AbortSignal): Promise<Buffer> {
    const { status, bytes } = await this.call(method, url, {
      ...(body && { body }),
      ...(signal && { signal }),
    });

    if (status >= 300) {
      throw errorFrom(status, bytes);
    }

    return bytes;
  }

  /**
   * Makes one call and returns its status and body, whatever they are. Waits and tries again,
   * within limits, when a 429 says when to come back: Kubernetes sends these under load, and while
   * it prepares the storage of a new kind.
   */
  async call(
    method: string,
    url: string,
    {
      body,
      accept = 'application/json',
      signal,
    }: { body?: CallBody; accept?: string; signal?: AbortSignal | undefined },
  ): Promise<{ status: number; bytes: Buffer }> {
    const request: KubeRequest = {
      method,
      url,
      headers: {
        accept,
        ...(body && { 'content-type': body.type, 'content-length': String(body.bytes.byteLength) }),
      },
      ...(body && { body: body.bytes }),
      ...(signal && { signal }),
    };

    for (let waited = 0; ; ) {
      const response = await this.transport.request(request);
      const bytes = await readBody(response.body, OBJECT_LIMIT);
      const wait = waitFor(response);
      if (wait === undefined || waited + wait > MAX_WAIT_MS) {
        return { status: response.status, bytes };
      }

      waited += wait;
      await setTimeout(wait, undefined, signal && { signal });
    }
  }

  /** Reads a path with its query; throws a StatusError for a status of 300 and above. */
  read(url: string, signal?: AbortSignal): Promise<Buffer> {
    return this.raw('GET', url, undefined, signal);
  }

  async #json<T>(
    method: string,
    url: string,
    body?: unknown,
    type = 'application/json',
    signal?: AbortSignal,
  ): Promise<T> {
    const bytes = await this.raw(
      method,
      url,
      body === undefined ? undefined : { type, bytes: Buffer.from(JSON.stringify(body)) },
      signal,
    );

    try {
      return JSON.parse(bytes.toString()) as T;
    } catch (error) {
      throw internalError(
        `the Kubernetes API answered ${method} ${url} with something that is no JSON`,
        error,
      );
    }
  }

  /** Reads one object; throws NotFound. */
  get<T extends KubeObject = KubeObject>(
    key: ObjectKey,
    signal?: AbortSignal,
  ): Promise<PersistedObject<T>> {
    return this.#json(
      'GET',
      resourcePath(key.resource, key.namespace, key.name),
      undefined,
      undefined,
      signal,
    );
  }

  /** Reads one object; returns undefined when it does not exist. */
  async find<T extends KubeObject = KubeObject>(
    key: ObjectKey,
    signal?: AbortSignal,
  ): Promise<PersistedObject<T> | undefined> {
    try {
      return await this.get<T>(key, signal);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) {
        return undefined;
      }
      throw error;
    }
  }

  /** Reads one page of a list, or all of it without a limit. */
  list<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    options: ListOptions = {},
  ): Promise<KubeList<PersistedObject<T>>> {
    const { namespace, signal, ...parameters } = options;

    return this.#json(
      'GET',
      resourcePath(resource, namespace) + queryOf(parameters),
      undefined,
      undefined,
      signal,
    );
  }

  /** Creates an object; throws AlreadyExists, Invalid, Forbidden. */
  create<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
  ): Promise<PersistedObject<T>> {
    return this.#json(
      'POST',
      resourcePath(resource, object.metadata.namespace) + writeQuery(options),
      object,
      undefined,
      options.signal,
    );
  }

  /** Replaces an object, or its status; throws Conflict when its resourceVersion is outdated. */
  update<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<PersistedObject<T>> {
    const { name = '', namespace } = object.metadata;

    return this.#json(
      'PUT',
      resourcePath(resource, namespace, name, options.subresource) + writeQuery(options),
      object,
      undefined,
      options.signal,
    );
  }

  /** Patches an object or a subresource of it. */
  patch<T extends KubeObject = KubeObject>(
    key: ObjectKey,
    type: keyof typeof PATCH_TYPES,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<PersistedObject<T>> {
    const url =
      resourcePath(key.resource, key.namespace, key.name, options.subresource) +
      writeQuery(options);
    return this.#json('PATCH', url, patch, PATCH_TYPES[type], options.signal);
  }

  /** Server-side apply: creates the object or takes over the fields it names. */
  apply<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions & { fieldManager: string },
  ): Promise<PersistedObject<T>> {
    const { name = '', namespace } = object.metadata;
    return this.patch<T>({ resource, name, namespace }, 'apply', object, options);
  }

  /**
   * Deletes an object; `preconditions` and `propagationPolicy` as in Kubernetes meta/v1
   * DeleteOptions.
   */
  async delete(
    key: ObjectKey,
    {
      dryRun,
      signal,
      ...options
    }: {
      dryRun?: boolean;
      signal?: AbortSignal;
      propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
      preconditions?: { uid?: string; resourceVersion?: string };
    } = {},
  ): Promise<void> {
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      ...options,
      ...(dryRun && { dryRun: ['All'] }),
    };

    const path = resourcePath(key.resource, key.namespace, key.name);

    await this.#json('DELETE', path, body, undefined, signal);
  }

  /**
   * Starts a watch, calls `opened` when it is accepted; yields frames until the server ends it,
   * throws a StatusError when it is refused.
   */
  async *watch(
    resource: GroupVersionResource,
    options: ListOptions & {
      timeoutSeconds?: number;
      allowWatchBookmarks?: boolean;
      opened?: () => void;
    },
  ) {
    const { namespace, signal, opened, ...parameters } = options;

    const response = await this.transport.request({
      method: 'GET',
      url: resourcePath(resource, namespace) + queryOf({ watch: true, ...parameters }),
      headers: { accept: 'application/json' },
      ...(signal && { signal }),
    });

    if (response.status !== 200) {
      const error = errorFrom(response.status, await readBody(response.body, OBJECT_LIMIT));
      const wait = waitFor(response);
      if (wait === undefined) {
        throw error;
      }

      throw new StatusError(error.code, error.reason, error.message, {
        ...error.details,
        retryAfterSeconds: wait / 1000,
      });
    }

    opened?.();
    yield* frames(response.body);
  }
}

function writeQuery(options: WriteOptions): string {
  return queryOf({
    fieldManager: options.fieldManager,
    dryRun: options.dryRun ? 'All' : undefined,
    force: options.force,
  });
}
