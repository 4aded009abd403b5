import type { IncomingMessage } from 'node:http';

/** Sees the pieces of a body as they are read. */
export type BodyObserver = (piece: Uint8Array) => void;

const observers = new WeakMap<IncomingMessage, BodyObserver>();

/**
 * Shows the body of a request to an observer while another part reads it: decompressed where it is
 * read whole, else as it was sent.
 */
export function observeBody(req: IncomingMessage, observer: BodyObserver): void {
  observers.set(req, observer);
}

/** Returns the observer of a request's body. */
export function bodyObserver(req: IncomingMessage): BodyObserver | undefined {
  return observers.get(req);
}
