import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from '../../registry/resources/defaults/types.ts';
import { Causes, each } from '../../registry/validation/causes.ts';

const ABOUT = 'spec.resourceAttributes';

/** A selector of fields or labels; unknown operators of newer clients are allowed. */
function validateSelector(
  given: Fields | undefined,
  name: 'fieldSelector' | 'labelSelector',
  out: Causes,
): void {
  if (given === undefined) {
    return;
  }

  const at = `${ABOUT}.${name}`;
  const { rawSelector = '', requirements = [] } = given;
  if (rawSelector !== '' && requirements.length > 0) {
    out.invalid(
      `${at}.rawSelector`,
      rawSelector,
      'may not specified at the same time as requirements',
    );
  }

  if (rawSelector === '' && requirements.length === 0) {
    out.required(
      `${at}.requirements`,
      `when ${at} is specified, requirements or rawSelector is required`,
    );
  }

  each<Fields>(requirements, `${at}.requirements`, ({ key = '', operator, values = [] }, path) => {
    if (name === 'fieldSelector' && key === '') {
      out.required(`${path}.key`, 'must be specified');
    }

    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      out.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      out.forbidden(
        `${path}.values`,
        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      );
    }

    if (name === 'labelSelector') {
      out.qualifiedName(`${path}.key`, key);
    }
  });
}

/** What is wrong with an access review of the caller, of a user, or of a user in a namespace. */
export function reviewCauses(review: KubeObject, kind: 'own' | 'any' | 'local'): Causes['list'] {
  const { spec = {}, metadata } = review;

  const {
    resourceAttributes: resource,
    nonResourceAttributes: other,
    user = '',
    groups = [],
  } = spec;

  const out = new Causes();
  out.collect(() => {
    const shown = other && { Path: other.path ?? '', Verb: other.verb ?? '' };
    const field = 'spec.nonResourceAttributes';

    if (resource && other) {
      out.invalid(field, shown, 'cannot be specified in combination with resourceAttributes');
    }

    if (!resource && !other) {
      out.invalid(
        ABOUT,
        undefined,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      );
    }

    if (kind !== 'own' && user === '' && groups.length === 0) {
      out.invalid('spec.user', '', 'at least one of user or group must be specified');
    }

    validateSelector(resource?.fieldSelector, 'fieldSelector', out);
    validateSelector(resource?.labelSelector, 'labelSelector', out);

    const { managedFields: _, namespace = '', ...rest } = metadata;
    if (Object.keys(rest).length > 0 || (kind !== 'local' && namespace !== '')) {
      out.invalid(
        'metadata',
        metadata,
        `must be empty${kind === 'local' ? ' except for namespace' : ''}`,
      );
    }

    if (kind !== 'local') {
      return;
    }
    if (resource && (resource.namespace ?? '') !== namespace) {
      out.invalid(`${ABOUT}.namespace`, resource.namespace ?? '', 'must match metadata.namespace');
    }
    if (other) {
      out.invalid(field, shown, 'disallowed on this kind of request');
    }
  });

  return out.list;
}
