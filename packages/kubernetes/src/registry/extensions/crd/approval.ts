import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { invalidValue, quote, required } from '@ks-apiserver/apimachinery/validation/field';
import type { Definition } from './definition.ts';

const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/;
const ANNOTATION = 'api-approved.kubernetes.io';
const LINK = 'see https://github.com/kubernetes/enhancements/pull/1111';

type State = 'Missing' | 'Unapproved' | 'Approved' | 'Invalid';

/**
 * The approval of a definition in a group of Kubernetes, in kube-apiserver's words; undefined for
 * other groups.
 */
export function approvalOf({
  metadata,
  spec,
}: Definition): { state: State; message: string } | undefined {
  if (!PROTECTED_GROUP.test(spec?.group ?? '')) {
    return undefined;
  }

  const given = metadata.annotations?.[ANNOTATION] ?? '';
  const needed = `protected groups must have approval annotation "${ANNOTATION}"`;

  if (given === '') {
    return { state: 'Missing', message: `${needed}, ${LINK}` };
  }
  if (given.startsWith('unapproved')) {
    return { state: 'Unapproved', message: `not approved: ${quote(given)}` };
  }
  if (URL.canParse(given) && given.includes('://')) {
    return { state: 'Approved', message: `approved in ${given}` };
  }

  return {
    state: 'Invalid',
    message: `${needed} with either a URL or a reason starting with "unapproved", ${LINK}`,
  };
}

/** What is wrong with the approval; an approval that was invalid already may stay. */
export function approvalCauses(definition: Definition, old: Definition | undefined): StatusCause[] {
  const approval = approvalOf(definition);
  if (!approval || (old && approvalOf(old)?.state === approval.state)) {
    return [];
  }

  const field = `metadata.annotations[${ANNOTATION}]`;

  if (approval.state === 'Missing') {
    return [required(field, approval.message)];
  }
  if (approval.state !== 'Invalid') {
    return [];
  }

  return [invalidValue(field, definition.metadata.annotations?.[ANNOTATION], approval.message)];
}
