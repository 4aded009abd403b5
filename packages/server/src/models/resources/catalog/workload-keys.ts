import { equalField } from '../computed/fields.ts';
import type { SortKey } from './definition.ts';

const byUpdateTime: SortKey = (entry) => Number(entry.fields.updateTime);

/** The filter by the field `status`. */
export const statusFilter = { status: equalField('status') };

/** The sort key of resources with the field `updateTime`. */
export const updateTimeSortKey = { updateTime: byUpdateTime };

/** The same under both of 3.0's names. */
export const updateTimeSortKeys = { updateTime: byUpdateTime, lastUpdateTimestamp: byUpdateTime };
