import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Admission } from '../../admission/admission.ts';
import { type Attributes, admissionNamespace } from '../../admission/attributes.ts';
import type { WriteContext } from '../../resources/strategy.ts';
import { yieldBetweenLargeSteps } from '../large-work.ts';
import type { Draft, Outcome, Step } from './write.ts';

/** A decided write: the outcome, and what ResourceQuota has to count for it in the commit. */
export interface Decided {
  outcome: Outcome;
  charge?: Attributes;
}

function runSteps(steps: readonly Step[]): void {
  for (const step of steps) {
    step();
  }
}

/** Lets other requests run before the next step of a large write. */
async function pause({ isLarge }: WriteContext): Promise<void> {
  if (isLarge) {
    await yieldBetweenLargeSteps();
  }
}

/** Runs steps, and lets other requests run between those of a large write. */
async function runStepsInTurns(steps: readonly Step[], context: WriteContext): Promise<void> {
  for (const step of steps) {
    await pause(context);
    step();
  }
}

/** A draft as admission sees it. */
function attributesOf({ operation, object, old, context }: Draft): Attributes {
  const { type, subresource, admissionView } = context;

  // A draft has no old object when it creates one, and no new one when it deletes one.
  const { name = '', namespace = '' } = (object ?? old)!.metadata;

  const view = (given: KubeObject | undefined) =>
    given && admissionView?.of ? admissionView.of(given) : given;

  return {
    type,
    operation: admissionView?.operation ?? operation,
    subresource: admissionView?.subresource ?? subresource,
    name: admissionView?.name ?? name,
    namespace: admissionNamespace(type, namespace, name),
    object: admissionView?.carries ?? view(object),
    old: admissionView?.withoutOld ? undefined : view(old),
    context,
  };
}

/** Puts the object that mutating admission left into a draft. */
function takeAdmitted(draft: Draft, { object }: Attributes): void {
  const { admissionView } = draft.context;
  if (!draft.object || !object) {
    return;
  }

  if (admissionView) {
    admissionView.put?.(draft.object, object);
  } else {
    draft.object = object;
  }
}

/** Decides a write that waits for nothing, in one go. */
export function decide(draft: Draft, admission: Admission): Decided {
  runSteps(draft.prepare);

  const attributes = attributesOf(draft);
  admission.admit(attributes);
  takeAdmitted(draft, attributes);

  runSteps(draft.validate);

  admission.validate(draft.context.admissionView ? attributesOf(draft) : attributes);

  return { outcome: draft.outcome(), charge: attributes };
}

/**
 * Decides a write in the same order, with webhooks, and lets other requests run between the steps
 * of a large write.
 */
export async function decideInTurns(draft: Draft, admission: Admission): Promise<Decided> {
  const { context } = draft;
  await runStepsInTurns(draft.prepare, context);

  const attributes = attributesOf(draft);
  await pause(context);
  await admission.admitWithWebhooks(attributes);
  takeAdmitted(draft, attributes);

  await runStepsInTurns(draft.validate, context);

  await admission.validateWithWebhooks(context.admissionView ? attributesOf(draft) : attributes);
  await pause(context);

  return { outcome: draft.outcome(), charge: attributes };
}
