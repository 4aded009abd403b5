import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type {
  InstantSeries,
  MetricQueries,
  QueryResult,
  RangeSeries,
  SteppedRange,
  TimeRange,
} from '@ks-apiserver/promql/query-api';

/** A call of a method of MetricQueries. */
export type QueryCall =
  | { readonly method: 'query'; readonly expression: string; readonly time: number }
  | { readonly method: 'queryRange'; readonly expression: string; readonly range: SteppedRange }
  | {
      readonly method: 'series' | 'labels';
      readonly selectors: readonly string[];
      readonly range: Partial<TimeRange>;
    }
  | {
      readonly method: 'labelValues';
      readonly label: string;
      readonly selectors: readonly string[];
      readonly range: Partial<TimeRange>;
    }
  | { readonly method: 'targetMetadata'; readonly selector: string };

/**
 * An answer that can be sent between threads: long arrays come as pieces of JSON, so that none
 * takes long to read.
 */
export type PackedAnswer =
  | { readonly kind: 'vector' | 'matrix' | 'rows'; readonly pieces: readonly string[] }
  | {
      readonly kind: 'point';
      readonly result: Extract<QueryResult, { resultType: 'scalar' | 'string' }>;
    };

/** Points or labels of a piece; it is closed with the row in which it gets larger. */
const PIECE_SIZE = 4000;

function sizeOf(row: unknown): number {
  const values =
    typeof row === 'object' && row !== null && 'values' in row ? row.values : undefined;
  return 10 + (Array.isArray(values) ? values.length : 0);
}

/** Writes rows as pieces of JSON, each short enough to be read at once. */
async function pack(rows: readonly unknown[]): Promise<string[]> {
  const pieces: string[] = [];
  const slice = new TimeSlice();
  let piece: unknown[] = [];
  let size = 0;

  for (const row of rows) {
    piece.push(row);
    size += sizeOf(row);

    if (size >= PIECE_SIZE) {
      pieces.push(JSON.stringify(piece));
      piece = [];
      size = 0;

      if (slice.isOver) {
        await slice.next();
      }
    }
  }

  return piece.length > 0 ? [...pieces, JSON.stringify(piece)] : pieces;
}

async function packRows(rows: readonly unknown[]): Promise<PackedAnswer> {
  return { kind: 'rows', pieces: await pack(rows) };
}

async function packResult(result: QueryResult): Promise<PackedAnswer> {
  return result.resultType === 'vector' || result.resultType === 'matrix'
    ? { kind: result.resultType, pieces: await pack(result.result) }
    : { kind: 'point', result };
}

/** Makes a call and returns its answer in parts. */
export async function packedAnswer(
  queries: MetricQueries,
  call: QueryCall,
  signal: AbortSignal,
): Promise<PackedAnswer> {
  switch (call.method) {
    case 'query':
      return packResult(await queries.query(call.expression, call.time, signal));
    case 'queryRange':
      return packResult(await queries.queryRange(call.expression, call.range, signal));
    case 'series':
    case 'labels':
      return packRows(await queries[call.method](call.selectors, call.range, signal));
    case 'labelValues':
      return packRows(await queries.labelValues(call.label, call.selectors, call.range, signal));
    case 'targetMetadata':
      return packRows(await queries.targetMetadata(call.selector, signal));
  }
}

/** Reads the rows of pieces, in slices. */
async function unpack<T>(pieces: readonly string[]): Promise<T[]> {
  const rows: T[] = [];
  const slice = new TimeSlice();

  for (const piece of pieces) {
    const part: T[] = JSON.parse(piece);

    for (const row of part) {
      rows.push(row);
    }

    if (slice.isOver) {
      await slice.next();
    }
  }

  return rows;
}

/** Returns the rows of an answer of the worker to a call that is answered with rows of a type. */
export function rowsOf<T>(answer: PackedAnswer): Promise<T[]> {
  return unpack<T>(answer.kind === 'rows' ? answer.pieces : []);
}

/** Returns the result that an answer of the worker to a query holds. */
export async function resultOf(answer: PackedAnswer): Promise<QueryResult> {
  switch (answer.kind) {
    case 'vector':
      return { resultType: 'vector', result: await unpack<InstantSeries>(answer.pieces) };
    case 'matrix':
      return { resultType: 'matrix', result: await unpack<RangeSeries>(answer.pieces) };
    case 'rows':
      return { resultType: 'vector', result: [] };
    case 'point':
      return answer.result;
  }
}
