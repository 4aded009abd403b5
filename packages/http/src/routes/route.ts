import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeBody, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { TSchema } from 'typebox';
import type { RequestInfo } from '../request/request-info.ts';
import type { Exchange, Incoming } from '../server/exchange.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One parameter outside the body, as the Swagger file shows it. */
export interface Parameter {
  in: 'path' | 'query' | 'header' | 'formData';
  name: string;
  description: string;
  schema: TSchema;
  required?: boolean;
}

/** What a handler knows of the call. */
export interface RouteRequest {
  method: string;
  /** Path and query as sent. */
  url: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  user: UserInfo;
  info: RequestInfo;
  /** Address of the peer or, behind a trusted proxy, of the client. */
  sourceIP: string;
  /** Decoded by the row's `consumes`; undefined without a body. */
  body: unknown;
  /**
   * The query says `dryRun=All`: everything is checked and answered, nothing is stored (Kubernetes
   * API Concepts, "Dry-run").
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
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: KubeBody | string | undefined;

  constructor(
    status: number,
    headers: Record<string, string | string[]>,
    body?: KubeBody | string,
  ) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** An answer that goes on for long: takes the response over, headers and all. */
export class RouteStream {
  readonly open: (exchange: Exchange) => void;

  constructor(open: (exchange: Exchange) => void) {
    this.open = open;
  }
}

export type Handler = (request: RouteRequest) => unknown;

/**
 * Why a connection is ended from here: the server stops, its session has ended, or a right to it is
 * lost.
 */
export type EndReason = 'stopping' | 'session' | 'rights';

/** A connection that asks for another protocol, and what is known of the call. */
export interface UpgradeRequest {
  incoming: Incoming;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  socket: Duplex;
  /** What came after the headers already. */
  head: Buffer;
  /**
   * Has `end` called once, when the session of the caller ends or he may not make one of these
   * calls any more.
   */
  follow: (needs: readonly RequestInfo[], end: (why: EndReason) => void) => void;
}

/** Takes a connection over; what it throws before that is answered on it. */
export type UpgradeHandler = (request: UpgradeRequest) => Promise<void>;

/**
 * How a row's errors are written: text of KubeSphere's handlers, its OAuth endpoints' bare text,
 * `{"message"}`, or a Status.
 */
export type ErrorStyle = 'text' | 'bare' | 'message' | 'status';

/**
 * One operation: everything that routing, validation, both Swagger files and the documentation
 * need.
 */
export interface Route {
  method: Method;
  /** Full path with `{parameter}` segments. */
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
  /** Whether the route takes calls without a body too; its handler then gets undefined. */
  bodyOptional?: boolean;
  /** Answers a body that cannot be read, where 3.0 has an answer of its own for it. */
  badBody?: RouteReply;
  /**
   * The route looks at the Authorization header itself: it holds a client's secret, or a token that
   * is none for the API.
   */
  authenticates?: boolean;
  /**
   * With `scope=visible` in the query any user may call it: the handler shows him what he may see,
   * and no more.
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
