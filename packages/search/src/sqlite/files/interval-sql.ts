import { IDS_PER_MS, startOfDay } from '../../time/document-ids.ts';

/**
 * Returns SQL for the number of the interval that a document is in: intervals of a length in
 * milliseconds, counted from 1970; `id` is SQL for its id in the file of a day.
 */
export function intervalSql(id: string, day: number, unit: number): string {
  return `(${id} + ${startOfDay(day) * IDS_PER_MS}) / ${unit * IDS_PER_MS}`;
}
