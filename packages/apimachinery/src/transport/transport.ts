import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Whom a request acts as (Kubernetes authentication UserInfo). */
export interface UserInfo {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * A body in one piece, or in several. Pieces that exist already come as an Iterable and are never
 * joined.
 */
export type KubeBody = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** One call to a Kubernetes API, as it is sent. */
export interface KubeRequest {
  method: string;
  /** Path and query, still percent-encoded: `/api/v1/pods?limit=5`. */
  url: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body?: KubeBody;
  /** Ends the call and the body of its answer. */
  signal?: AbortSignal;
}

/** The answer to one call. The receiver must read the body to its end or abort the request. */
export interface KubeResponse {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[]>>;
  body: KubeBody;
}

/** A protocol upgrade that the API has granted: its answer, and the connection after it. */
export interface Upgraded {
  status: 101;
  /** Lower-case names; those that belong to the upgrade are among them. */
  headers: Readonly<Record<string, string | string[]>>;
  socket: Duplex;
  /** Bytes that came right behind the answer. */
  head: Uint8Array;
}

/**
 * The one interface to a Kubernetes API, remote or embedded; acts with the server's own identity.
 * Rejects only when no answer came.
 */
export interface KubeTransport {
  request(request: KubeRequest): Promise<KubeResponse>;
  /**
   * Asks for a protocol upgrade (WebSocket, SPDY); the request's headers name the protocol, and no
   * body is sent. Returns the connection once the API has granted it, or else the API's answer.
   * Rejects only when no answer came.
   */
  upgrade(request: KubeRequest): Promise<Upgraded | KubeResponse>;
  /**
   * Opens a WebSocket of this server itself to a path with query, such as exec. It comes paused, so
   * that nothing is lost before somebody listens. Rejects with the StatusError that the API
   * answers.
   */
  webSocket(url: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket>;
  /** Ends idle connections and calls in progress. */
  close(): Promise<void>;
}

/** Whether a body is in one piece. */
export function isWhole(body: KubeBody): body is Uint8Array {
  return body instanceof Uint8Array;
}

/** Returns all of a body in one piece; throws a RangeError for more than `limit` bytes. */
export async function readBody(
  body: KubeBody | undefined,
  limit = 256 * 1024 * 1024,
): Promise<Buffer> {
  if (body === undefined) {
    return Buffer.alloc(0);
  }

  if (isWhole(body)) {
    return Buffer.isBuffer(body)
      ? body
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  const chunks: Uint8Array[] = [];
  let size = 0;

  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new RangeError(`body is larger than ${limit} bytes`);
    }

    chunks.push(chunk);
  }

  return Buffer.concat(chunks, size);
}
