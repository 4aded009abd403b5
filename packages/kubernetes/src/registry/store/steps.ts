import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { yieldBetweenLargeSteps } from './large-work.ts';

/**
 * A decision in steps: it yields what must be waited for before it can go on, such as a webhook's
 * answer, and nothing at all where everything is known already, so that most writes are decided
 * inside the commit that stores them.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The outcome of steps that wait for nothing. */
export function decideNow<T>(steps: Steps<T>): T {
  const step = steps.next();
  if (!step.done) {
    steps.return(undefined as T);
    throw internalError('a write that has to wait was decided inside a commit');
  }

  return step.value;
}

/** The outcome of steps, after everything that they wait for. */
export async function decideLater<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    let answer: unknown;

    try {
      answer = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }

    step = steps.next(answer);
  }

  return step.value;
}

/** Lets other requests have their turn before the next step of a large write. */
export function* pause({ isLarge }: { isLarge?: boolean }): Steps<void> {
  if (isLarge) {
    yield yieldBetweenLargeSteps();
  }
}

/** Waits for one answer inside steps. */
export function* waitFor<T>(answer: Promise<T>): Steps<T> {
  return (yield answer) as T;
}
