import type { FailureAction } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Reports a fault in a controller's work as a process warning. A refusal of the API is dropped: it
 * means that an object has changed meanwhile, and that change adds the key again.
 */
export function handleFailure(key: string, error: unknown): FailureAction {
  if (error instanceof StatusError) {
    return 'drop';
  }

  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`the work on ${key} failed and is tried again: ${text}`, 'ControllerWarning');

  return 'retry';
}
