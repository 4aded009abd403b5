import { messageOf } from './error-message.ts';
import type { Json } from './types.ts';

/** One reason inside `details.causes` of a Status (Kubernetes meta/v1 StatusCause). */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/**
 * `details` of a Status (Kubernetes meta/v1 StatusDetails); `kind` holds the plural resource where
 * one is known.
 */
export interface StatusDetails {
  name?: string | undefined;
  group?: string | undefined;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The body Kubernetes answers errors with (meta/v1 Status). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, Json>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string | undefined;
  details?: StatusDetails | undefined;
  code?: number;
}

/**
 * What an error is about: group and plural name of the resource, and the object's name where it has
 * one.
 */
export interface Subject {
  group?: string;
  resource: string;
  name?: string;
}

/**
 * The error of both APIs: HTTP status, Kubernetes reason and details; responders choose the form of
 * the body.
 */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: StatusDetails,
    options?: ErrorOptions,
  ) {
    // An answer to a caller is no fault of the program: nobody reads where it was made, and finding
    // that out costs more than the rest of the answer. Its cause has a stack.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;

    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** Returns the Status body of this error. */
  status(): Status {
    // Undefined members are left out of the JSON.
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason || undefined,
      details: this.details,
      code: this.code,
    };
  }
}

function qualified(subject: { group?: string; resource: string }): string {
  return subject.group ? `${subject.resource}.${subject.group}` : subject.resource;
}

function detailsOf(subject: Subject): StatusDetails {
  return {
    ...(subject.name && { name: subject.name }),
    ...(subject.group && { group: subject.group }),
    kind: subject.resource,
  };
}

/** 404: the object does not exist. */
export function notFound(subject: Subject): StatusError {
  return new StatusError(
    404,
    'NotFound',
    `${qualified(subject)} "${subject.name}" not found`,
    detailsOf(subject),
  );
}

/** 409: an object of that name exists. */
export function alreadyExists(subject: Subject): StatusError {
  return new StatusError(
    409,
    'AlreadyExists',
    `${qualified(subject)} "${subject.name}" already exists`,
    detailsOf(subject),
  );
}

/**
 * 409: the write is based on an outdated object or a precondition failed; `why` completes the
 * sentence.
 */
export function conflict(subject: Subject, why: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`,
    detailsOf(subject),
  );
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** 401: no or a wrong credential. */
export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError(401, 'Unauthorized', message);
}

/** 403: known caller, not allowed; `why` completes `… is forbidden: `. */
export function forbidden(subject: Subject, why: string): StatusError {
  const what =
    subject.name === undefined ? qualified(subject) : `${qualified(subject)} "${subject.name}"`;
  return new StatusError(403, 'Forbidden', `${what} is forbidden: ${why}`, detailsOf(subject));
}

/** Joins the causes of an error; those beyond a hundred are left out, as Kubernetes' layers do. */
const MAX_CAUSES = 500;

/**
 * 422: the object breaks rules of its kind; `subject.resource` is the Kind here, as Kubernetes
 * does.
 */
export function invalid(
  subject: { group?: string; kind: string; name?: string },
  all: StatusCause[],
): StatusError {
  const causes = all.slice(0, MAX_CAUSES);

  // Causes that two rules word alike are listed twice but stand once in the message.
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const kind = subject.group ? `${subject.kind}.${subject.group}` : subject.kind;

  return new StatusError(422, 'Invalid', `${kind} "${subject.name ?? ''}" is invalid: ${list}`, {
    ...(subject.name && { name: subject.name }),
    ...(subject.group && { group: subject.group }),
    ...(subject.kind && { kind: subject.kind }),
    causes,
  });
}

/** 404 for a path that names no resource, as kube-apiserver words it. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 410: the resourceVersion lies before what the server still remembers. */
export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

/** 413: the request body is over the limit. */
export function requestTooLarge(limitBytes: number): StatusError {
  return new StatusError(
    413,
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${limitBytes}`,
  );
}

/** 406: none of the accepted media types can be produced. */
export function notAcceptable(produced: readonly string[]): StatusError {
  return new StatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${produced.join(', ')}`,
  );
}

/** 415: the body's media type is not one of those the call takes. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** 429: try later; `retryAfterSeconds` also becomes the Retry-After header. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
}

/** 500: something failed that the caller cannot change. */
export function internalError(message: string, cause?: unknown): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, undefined, {
    cause,
  });
}

/** 503: a peer that the call needs cannot be reached now. */
export function serviceUnavailable(message: string, cause?: unknown): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message, undefined, { cause });
}

/** 504: the call took longer than it may. */
export function timeout(message: string): StatusError {
  return new StatusError(504, 'Timeout', message);
}

/**
 * Returns a thrown value as a StatusError; anything else becomes a 500 that keeps the original as
 * its cause.
 */
export function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) {
    return error;
  }
  return internalError(messageOf(error), error);
}

/** Returns the HTTP status of an error; 0 for one that has none. */
export function statusCodeOf(error: unknown): number {
  return error instanceof StatusError ? error.code : 0;
}

/** 405 as kube-apiserver words it. */
export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}
