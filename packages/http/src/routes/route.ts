import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  isWhole,
  type KubeBody,
  type UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { TSchema } from 'typebox';
import type { RequestInfo } from '../request/request-info.ts';
import type { ErrorStyle } from '../response/error-responder.ts';
import type { EndReason, Exchange, Incoming } from '../server/exchange.ts';

const NOTHING = new Uint8Array();

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One parameter outside the body, as the API description shows it. */
export interface Parameter {
  in: 'path' | 'query' | 'header' | 'formData';
  name: string;
  description: string;
  schema: TSchema;
  required?: boolean;
}

/** What a handler knows of a call. */
export interface RouteRequest {
  method: string;
  /** Path and query as sent. */
  url: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  user: UserInfo;
  info: RequestInfo;
  /** Address of the client; behind a trusted proxy, the one that the proxy reports. */
  sourceIP: string;
  /**
   * Decoded by the route's `consumes`, or a stream of bytes of a route with `rawBody`; undefined
   * without a body.
   */
  body: unknown;
  /**
   * Whether the query says `dryRun=All`: everything is checked and answered, nothing is stored
   * (Kubernetes API Concepts, "Dry-run").
   */
  dryRun: boolean;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

/**
 * An answer with its own status, headers or bytes; any other returned value is sent as JSON with
 * status 200.
 */
export class RouteReply {
  readonly status: number;
  /** With the length of a body that is known, and without browsers' guesses about its type. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: KubeBody;

  constructor(
    status: number,
    headers: Readonly<Record<string, string | string[]>>,
    body: KubeBody | string = NOTHING,
  ) {
    this.status = status;
    this.body = typeof body === 'string' ? Buffer.from(body) : body;

    const all = Object.assign({ 'x-content-type-options': 'nosniff' }, headers) as typeof headers;

    this.headers =
      isWhole(this.body) && all['content-length'] === undefined && status !== 204 && status !== 304
        ? Object.assign(all, { 'content-length': String(this.body.byteLength) })
        : all;
  }
}

/** Returns the answer with a value as JSON, for answers that are the same for many calls. */
export function jsonReply(value: unknown): RouteReply {
  return new RouteReply(200, { 'content-type': 'application/json' }, JSON.stringify(value));
}

/**
 * An answer that goes on for long, such as a watch: it writes the response itself, headers and all.
 */
export class RouteStream {
  readonly open: (exchange: Exchange) => void;

  constructor(open: (exchange: Exchange) => void) {
    this.open = open;
  }
}

export type Handler = (request: RouteRequest) => unknown;

/** A connection that asks for another protocol, and the call that asked. */
export interface UpgradeRequest {
  incoming: Incoming;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  socket: Duplex;
  /** Bytes that came right behind the headers. */
  head: Buffer;
  /**
   * Calls `end` once, when the caller's session ends or they may no longer make one of these calls.
   */
  follow: (needs: readonly RequestInfo[], end: (why: EndReason) => void) => void;
}

/** Takes over a connection; what it throws before that is answered on the connection. */
export type UpgradeHandler = (request: UpgradeRequest) => Promise<void>;

/** One operation: everything that routing, validation and the API descriptions need. */
export interface Route {
  method: Method;
  /** Full path with `{parameter}` segments; `{parameter:*}` at its end is the rest of the path. */
  path: string;
  operationId: string;
  summary: string;
  tags: readonly string[];
  parameters?: readonly Parameter[];
  /** Schema of the body, for routes that take one. */
  body?: TSchema;
  /** Media types of the body; default application/json. */
  consumes?: readonly string[];
  /** Largest body in bytes, also after decompression; default 64 KB below /oauth, else 3 MB. */
  bodyLimit?: number;
  /** Whether the body may be missing; the handler then gets undefined. */
  bodyOptional?: boolean;
  /** The handler gets the body as it comes, of any media type and length, and not decoded. */
  rawBody?: boolean;
  /** Answers a body that cannot be read, for routes where 3.0 has its own answer. */
  badBody?: RouteReply;
  /**
   * The route reads the Authorization header itself: it holds a client's secret, or a token that is
   * not one of this API.
   */
  authenticates?: boolean;
  /**
   * With `scope=visible` in the query any user may call the route: the handler returns only what
   * they may see.
   */
  narrows?: boolean;
  /** Media types of the answer; default application/json. */
  produces?: readonly string[];
  /** Schema of the 200 answer. */
  returns?: TSchema;
  errors?: ErrorStyle;
  handler: Handler;
  /** Serves calls of the route that ask for a protocol upgrade; without it they are refused. */
  upgrade?: UpgradeHandler;
}
