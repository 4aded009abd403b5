import { invalid, type StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue, notSupported, tooLong } from '@ks-apiserver/apimachinery/validation/field';
import type { WriteOptions } from '../../registry/resources/strategy.ts';
import { trackFields } from '../../registry/store/managed-fields.ts';
import { builtinSchema } from '../../schemas/builtin.ts';
import type { Call } from '../call.ts';
import type { FieldValidation } from '../codec/decode.ts';

const MAX_MANAGER = 128;

function managerCauses(manager: string): StatusCause[] {
  const causes: StatusCause[] = [];

  if (Buffer.byteLength(manager) > MAX_MANAGER) {
    causes.push(tooLong('fieldManager', MAX_MANAGER));
  }

  const unprintable = /\p{C}/u.exec(manager);
  if (unprintable) {
    const code = (unprintable[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const why = `invalid character U+${code} (at position ${unprintable.index})`;
    causes.push(invalidValue('fieldManager', manager, why));
  }

  return causes;
}

/**
 * Options of a write from its query (Kubernetes meta/v1 CreateOptions, UpdateOptions,
 * PatchOptions); throws a StatusError 422 or 400.
 */
export function writeOptions(
  call: Call,
  kind: string,
): WriteOptions & { fieldValidation: FieldValidation } {
  const { query, request, user, warnings, now } = call;
  const dryRun = query.getAll('dryRun');
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  const manager = query.get('fieldManager') ?? '';
  const causes = managerCauses(manager);

  if (dryRun.some((value) => value !== 'All')) {
    causes.push(notSupported('dryRun', dryRun, ['All']));
  }
  if (!['Strict', 'Warn', 'Ignore'].includes(fieldValidation)) {
    causes.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (causes.length > 0) {
    throw invalid({ group: 'meta.k8s.io', kind, name: '' }, causes);
  }

  return {
    user,
    dryRun: dryRun.length > 0,
    manager: manager || managerFromUserAgent(request.headers['user-agent']),
    now,
    warnings,
    requestOptions: {
      // Webhooks get a patch as an update.
      kind: kind === 'PatchOptions' ? 'UpdateOptions' : kind,
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun.length > 0 && { dryRun }),
      ...(manager !== '' && { fieldManager: manager }),
      ...(query.get('fieldValidation') && { fieldValidation }),
    },
    fieldValidation: fieldValidation as FieldValidation,
  };
}

/** Records the field manager of an object that is not stored, such as a review. */
export function trackVirtual(
  call: Call,
  kind: { group: string; version: string; kind: string },
  object: KubeObject,
): void {
  const { subresource } = call.path;
  trackFields(builtinSchema(kind), undefined, object, {
    ...writeOptions(call, 'CreateOptions'),
    subresource,
    type: kind,
  });
}

/** The field manager of a request without one: the user agent up to the first slash. */
function managerFromUserAgent(userAgent: string | undefined): string {
  const prefix = (userAgent ?? '').replace(/\/.*/s, '');
  return prefix.slice(0, MAX_MANAGER) || 'unknown';
}
