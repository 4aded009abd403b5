import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest, invalid, type StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { invalidValue, notSupported } from '@ks-apiserver/apimachinery/validation/field';
import type { DeleteOptions } from '../../registry/store/writes/delete.ts';
import type { Call } from '../call.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from '../codec/body.ts';

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

function policyOf(policy: unknown): DeleteOptions['propagationPolicy'] {
  return POLICIES.find((known) => known === policy);
}

function invalidOption(cause: StatusCause): Error {
  return invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, [cause]);
}

function readOptions(body: Buffer, mediaType: string): Record<string, unknown> | null {
  try {
    return parseBody(body, mediaType, 'DeleteOptions') as Record<string, unknown> | null;
  } catch (error) {
    // Kubernetes shows only the decoder's message here.
    const [, why] =
      /^the object provided is unrecognized [^:]*: (.*) \([^(]*\)$/s.exec(messageOf(error)) ?? [];

    throw why === undefined ? error : badRequest(why);
  }
}

/** Parses a body of DeleteOptions; throws a StatusError 400 in kube-apiserver's words. */
function parseOptions(body: Buffer, mediaType: string): Record<string, unknown> {
  if (body.byteLength === 0) {
    return {};
  }

  const given = readOptions(body, mediaType);
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw badRequest('the body of a deletion must be DeleteOptions');
  }

  const { kind = 'DeleteOptions', apiVersion = 'v1', gracePeriodSeconds } = given;
  if (kind !== 'DeleteOptions') {
    throw badRequest(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  }

  if (
    gracePeriodSeconds !== undefined &&
    gracePeriodSeconds !== null &&
    !Number.isSafeInteger(gracePeriodSeconds)
  ) {
    const what =
      typeof gracePeriodSeconds === 'number'
        ? `number ${gracePeriodSeconds}`
        : typeof gracePeriodSeconds;

    throw badRequest(
      `json: cannot unmarshal ${what} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    );
  }

  return given;
}

/**
 * Options of a deletion from its body and query (Kubernetes meta/v1 DeleteOptions); throws
 * StatusErrors 400 and 422.
 */
export async function deleteOptions(
  call: Call,
): Promise<DeleteOptions & { dryRun: boolean; requestOptions: Record<string, unknown> }> {
  const given = parseOptions(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
  );

  const query = Object.fromEntries(call.query);
  const value = (field: string): unknown => given[field] ?? query[field];
  const policy = value('propagationPolicy');
  const orphan = value('orphanDependents');
  if (policy !== undefined && orphan !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    throw invalidOption(invalidValue('propagationPolicy', policy, why));
  }

  if (policy !== undefined && policyOf(policy) === undefined) {
    throw invalidOption(notSupported('propagationPolicy', policy, [...POLICIES, 'nil']));
  }

  const propagationPolicy = policyOf(policy);
  const dryRun = [given.dryRun ?? call.query.getAll('dryRun')].flat().filter((item) => item !== '');
  if (dryRun.some((item) => item !== 'All')) {
    throw invalidOption(notSupported('dryRun', dryRun, ['All']));
  }

  const { preconditions } = given;
  if (
    preconditions !== undefined &&
    (typeof preconditions !== 'object' || Array.isArray(preconditions))
  ) {
    throw badRequest('preconditions must be an object');
  }

  const grace = value('gracePeriodSeconds');
  const seconds = grace === undefined || grace === null ? undefined : Number(grace);
  if (seconds !== undefined && !Number.isSafeInteger(seconds)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  }

  return {
    dryRun: dryRun.length > 0,
    ...(seconds !== undefined && { gracePeriodSeconds: seconds }),
    ...(propagationPolicy && { propagationPolicy }),
    ...(orphan !== undefined && {
      propagationPolicy: orphan === true || orphan === 'true' ? 'Orphan' : 'Background',
    }),
    ...(preconditions && { preconditions }),
    requestOptions: {
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/v1',
      ...(seconds !== undefined && { gracePeriodSeconds: seconds }),
      ...(preconditions && { preconditions }),
      ...(orphan !== undefined && { orphanDependents: orphan === true || orphan === 'true' }),
      ...(policy !== undefined && { propagationPolicy: policy }),
      ...(dryRun.length > 0 && { dryRun }),
    },
  };
}
