import { stripVTControlCharacters } from 'node:util';
import { forEachInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { errorLine } from '@ks-apiserver/http/response/error-responder';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import type { Search } from '@ks-apiserver/search/query/search';
import type { FoundPage, SearchBackend } from '@ks-apiserver/search/query/search-backend';
import type { SearchDependencies } from './dependencies.ts';
import { searchFailure, searchHandler } from './search-handler.ts';

const FILE_HEADERS = { 'content-type': 'text/plain', 'content-disposition': 'attachment' };

interface LogDocument {
  readonly log?: unknown;
  readonly time?: unknown;
  readonly kubernetes?: {
    readonly namespace_name?: unknown;
    readonly pod_name?: unknown;
    readonly container_name?: unknown;
  } | null;
}

/** Returns a line as it is answered; what it does not have is left out. */
function recordOf(bytes: Uint8Array): Record<string, unknown> {
  const { log, time, kubernetes }: LogDocument = JSON.parse(Buffer.from(bytes).toString());

  const record = {
    log,
    time,
    namespace: kubernetes?.namespace_name,
    pod: kubernetes?.pod_name,
    container: kubernetes?.container_name,
  };

  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined && value !== ''),
  );
}

async function pageOf({ total, documents }: FoundPage): Promise<unknown> {
  const records: unknown[] = [];
  await forEachInSlices(documents, (bytes) => records.push(recordOf(bytes)));

  return { query: { total, ...(records.length > 0 && { records }) } };
}

/** Writes lines of logs without the codes by which terminals show colours. */
function bytesOf(lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.map((line) => stripVTControlCharacters(line)).join(''));
}

/** Writes all batches. What fails on the way is the last line of the file, as in 3.0. */
async function* fileOf(
  first: IteratorResult<readonly string[]>,
  batches: AsyncIterator<readonly string[]>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let batch = first; !batch.done; batch = await batches.next()) {
      yield bytesOf(batch.value);
    }
  } catch (error) {
    yield Buffer.from(errorLine(messageOf(searchFailure(error))));
  } finally {
    await batches.return?.();
  }
}

/** Answers a file of all lines that match, newest first, which is written while it is read. */
async function exportFile(
  backend: SearchBackend,
  search: Search,
  signal: AbortSignal,
): Promise<RouteReply> {
  const batches = backend.export(search, signal)[Symbol.asyncIterator]();

  try {
    return new RouteReply(200, FILE_HEADERS, fileOf(await batches.next(), batches));
  } catch (error) {
    const { code, message } = toStatusError(searchFailure(error));
    return new RouteReply(code, FILE_HEADERS, errorLine(message));
  }
}

/** Returns the handler of searches of logs. */
export function logHandler(dependencies: SearchDependencies): Handler {
  return searchHandler(
    'logs',
    {
      // As in 3.0, a page of no lines is one of the usual size.
      pageOptions: ({ order, from, size }) => ({
        order,
        from,
        size: size === 0 ? undefined : size,
      }),
      query: pageOf,
      statistics: ({ total, distinct }) => ({ statistics: { containers: distinct, logs: total } }),
      histogram: ({ total, buckets }) => ({
        histogram: { total, histograms: buckets.length > 0 ? buckets : null },
      }),
      export: exportFile,
    },
    dependencies,
  );
}
