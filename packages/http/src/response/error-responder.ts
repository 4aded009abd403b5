import type { ServerResponse } from 'node:http';
import { type StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Returns an error's message as a line of text that is no HTML either, as 3.0 answers it. */
export function errorLine(message: string): string {
  return `${message.replace(/[&<>]/g, (character) => HTML[character] ?? character)}\n`;
}

/** Sends a short text; `nosniff` keeps browsers from reading it as HTML. */
export function sendText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });

  res.end(text);
}

/** Sends a value as JSON. */
export function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.byteLength,
    'x-content-type-options': 'nosniff',
    ...headers,
  });

  res.end(bytes);
}

/**
 * Form of a route's errors: plain text of KubeSphere's handlers, the bare text of its OAuth
 * endpoints, `{"message"}`, the `{"error"}` of the service mesh, or a Status.
 */
export type ErrorStyle = 'text' | 'bare' | 'message' | 'error' | 'status';

/**
 * Answers with an error in the form of the API that was called. When the answer has begun already,
 * the connection is cut.
 */
export function sendError(
  res: ServerResponse,
  thrown: unknown,
  style: ErrorStyle = 'status',
): StatusError {
  const error = toStatusError(thrown);

  if (res.headersSent) {
    res.destroy();
    return error;
  }

  const retry = error.details?.retryAfterSeconds;
  const headers = retry ? { 'retry-after': String(retry) } : {};
  const { message } = error;

  if (style === 'status') {
    sendJson(res, error.code, error.status(), headers);
  } else if (style === 'message') {
    sendJson(res, error.code, { message }, headers);
  } else if (style === 'error') {
    sendJson(res, error.code, { error: message }, headers);
  } else if (style === 'bare') {
    sendText(res, error.code, message, headers);
  } else {
    sendText(res, error.code, errorLine(message), headers);
  }

  return error;
}
