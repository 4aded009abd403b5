import type { BulkAction } from '../sqlite/ingest/bulk.ts';

/** What became of a document of a bulk request. */
export interface ItemResult {
  readonly action: BulkAction;
  readonly problem: string | undefined;
}

function itemOf({ action, problem }: ItemResult): string {
  const target = JSON.stringify({
    _index: action.index,
    _type: '_doc',
    ...(action.id !== undefined && { _id: action.id }),
  }).slice(0, -1);

  const result =
    problem === undefined
      ? '"result":"created","status":201'
      : `"status":400,"error":${JSON.stringify({ type: 'mapper_parsing_exception', reason: problem })}`;

  return `{${JSON.stringify(action.name)}:${target},${result}}}`;
}

/** Returns the bytes of the answer to a bulk request, in the form of Elasticsearch. */
export function bulkAnswer(results: readonly ItemResult[]): Uint8Array {
  const hasErrors = results.some(({ problem }) => problem !== undefined);
  const text = `{"took":0,"errors":${hasErrors},"items":[${results.map(itemOf).join(',')}]}`;

  return new TextEncoder().encode(text);
}
