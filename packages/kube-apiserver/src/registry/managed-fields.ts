import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { trackUpdate } from '@ks-apiserver/apimachinery/patch/managed-fields';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { WriteContext } from './strategy.ts';

type GroupVersion = { group: string; version: string };

/** Notes in `metadata.managedFields` which fields a create or update set; kinds without a schema are not tracked. */
export function trackFields(
  schema: Schema | undefined,
  before: KubeObject | undefined,
  after: KubeObject,
  { type, subresource, manager, now }: Pick<WriteContext, 'subresource' | 'manager' | 'now'> & { type: GroupVersion },
  untracked?: readonly string[],
): void {
  if (!schema) return;
  const tracked = trackUpdate({
    before,
    after,
    manager,
    schema,
    apiVersion: apiVersionOf(type),
    now,
    ...(subresource !== '' && { subresource }),
    ...(untracked && { resetFields: untracked }),
  });
  const { managedFields } = tracked.metadata;
  if (managedFields === undefined) delete after.metadata.managedFields;
  else after.metadata.managedFields = managedFields;
}
