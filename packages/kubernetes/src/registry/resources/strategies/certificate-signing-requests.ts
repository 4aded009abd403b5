import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import {
  validateDecisions,
  validateRequest,
} from '../../validation/certificate-signing-requests.ts';
import { type Condition, listOf } from '../core-types.ts';
import type { Strategy } from '../strategy.ts';

const isDecision = ({ type }: Condition) => type === 'Approved' || type === 'Denied';

/**
 * CertificateSigningRequests record their requestor; only the approval subresource approves or
 * denies them.
 */
export const csrStrategy: Strategy = {
  fields: (object) => ({ 'spec.signerName': object.spec?.signerName ?? '' }),
  // The request never changes; neither it nor the decision can be applied.
  untracked: ['spec', 'status'],
  validate: (object, old, { subresource }) => {
    if (!old) {
      return validateRequest(object);
    }
    return subresource === 'approval' ? validateDecisions(object) : [];
  },
  prepareForCreate(object, { user }) {
    object.spec = { ...object.spec, username: user.name, groups: [...user.groups] };

    if (user.uid) {
      object.spec.uid = user.uid;
    }
    if (user.extra) {
      object.spec.extra = user.extra;
    }

    object.status = {};
  },
  prepareForUpdate(object, old, { subresource, now }) {
    object.spec = old.spec;

    const wanted: Condition[] = object.status?.conditions ?? [];

    if (subresource === 'status') {
      const decided = listOf<Condition>(old.status?.conditions).filter(isDecision);
      const conditions = [...decided, ...wanted.filter((condition) => !isDecision(condition))];
      object.status = { ...object.status, ...(conditions.length > 0 && { conditions }) };
    } else if (subresource === 'approval') {
      object.status = { ...old.status, conditions: wanted };
    }

    for (const condition of wanted) {
      condition.lastUpdateTime ??= timestamp(now);
      condition.lastTransitionTime ??= condition.lastUpdateTime;
    }
  },
};
