import { badRequest, invalid } from '@ks-apiserver/apimachinery/meta/errors';
import type { DeleteOptions } from '../registry/delete.ts';
import { contentType, parseBody, requestBody } from './body.ts';
import type { Call } from './call.ts';

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

function invalidOption(field: string, message: string): Error {
  return invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, [
    { reason: 'FieldValueInvalid', message, field },
  ]);
}

/** Options of a deletion from its body and query (Kubernetes meta/v1 DeleteOptions); throws StatusErrors 400 and 422. */
export async function deleteOptions(call: Call): Promise<DeleteOptions & { dryRun: boolean }> {
  const body = await requestBody(call.request);
  const parsed = body.byteLength > 0 ? parseBody(body, contentType(call.request), 'DeleteOptions') : {};
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw badRequest('the body of a deletion must be DeleteOptions');
  }
  const given = parsed as Record<string, unknown>;
  if (given.kind !== undefined && given.kind !== 'DeleteOptions') {
    throw badRequest(
      `${given.kind} in version ${JSON.stringify(given.apiVersion)} cannot be handled as a DeleteOptions`,
    );
  }
  const query = Object.fromEntries(call.query);
  const value = (field: string): unknown => given[field] ?? query[field];
  const policy = value('propagationPolicy');
  const orphan = value('orphanDependents');
  if (policy !== undefined && orphan !== undefined) {
    throw invalidOption(
      'propagationPolicy',
      `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`,
    );
  }
  if (policy !== undefined && !POLICIES.includes(policy as never)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`;
    throw invalidOption('propagationPolicy', message);
  }
  const dryRun = [given.dryRun ?? call.query.getAll('dryRun')].flat().filter((item) => item !== '');
  for (const item of dryRun) {
    if (item !== 'All')
      throw invalidOption('dryRun', `Unsupported value: ${JSON.stringify(item)}: supported values: "All"`);
  }
  const { preconditions } = given;
  if (preconditions !== undefined && (typeof preconditions !== 'object' || Array.isArray(preconditions))) {
    throw badRequest('preconditions must be an object');
  }
  const grace = value('gracePeriodSeconds');
  const seconds = grace === undefined || grace === null ? undefined : Number(grace);
  if (seconds !== undefined && !Number.isSafeInteger(seconds))
    throw badRequest('gracePeriodSeconds must be an integer');
  return {
    dryRun: dryRun.length > 0,
    ...(seconds !== undefined && { gracePeriodSeconds: seconds }),
    ...(policy !== undefined && { propagationPolicy: policy as NonNullable<DeleteOptions['propagationPolicy']> }),
    ...(orphan !== undefined && { propagationPolicy: orphan === true || orphan === 'true' ? 'Orphan' : 'Background' }),
    ...(preconditions && { preconditions }),
  };
}
