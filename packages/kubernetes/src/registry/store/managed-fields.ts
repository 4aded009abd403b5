import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { trackUpdate } from '@ks-apiserver/apimachinery/patch/apply/managed-fields';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { WriteContext } from '../resources/strategy.ts';

type GroupVersion = { group: string; version: string };

/**
 * Records in `metadata.managedFields` which fields a create or update set; kinds without a schema
 * are not tracked.
 */
export function trackFields(
  schema: Schema | undefined,
  before: KubeObject | undefined,
  after: KubeObject,
  {
    type,
    subresource,
    manager,
    now,
  }: Pick<WriteContext, 'subresource' | 'manager' | 'now'> & { type: GroupVersion },
  untracked?: readonly string[],
): void {
  if (!schema) {
    return;
  }

  let tracked: KubeObject;

  try {
    tracked = trackUpdate({
      before,
      after,
      manager,
      schema,
      apiVersion: apiVersionOf(type),
      now,
      ...(subresource !== '' && { subresource }),
      ...(untracked && { resetFields: untracked }),
    });
  } catch (error) {
    // A list with duplicate keys makes tracking impossible, but not the write invalid.
    if (!(error instanceof StatusError)) {
      throw error;
    }

    return;
  }

  const { managedFields } = tracked.metadata;
  if (managedFields === undefined) {
    delete after.metadata.managedFields;
  } else {
    after.metadata.managedFields = managedFields;
  }
}
