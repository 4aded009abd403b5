import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { BodyBudgets } from '@ks-apiserver/http/request/body-budgets';
import { hasBody, readRequestBody } from '@ks-apiserver/http/request/request-body';
import { sendJson } from '@ks-apiserver/http/response/error-responder';
import type { Exchange } from '@ks-apiserver/http/server/exchange';
import { SearchError } from '@ks-apiserver/search/query/search-backend';
import type { SqliteStore } from '@ks-apiserver/search/store/sqlite-store';
import { StoreSyntaxError } from '@ks-apiserver/search/store/store-thread';
import { errorAnswer, type PlainAnswer, plainAnswer } from './elasticsearch-answers.ts';

/** Where collectors find the API. */
export const INGEST_PATH = '/ingest/elasticsearch';

/** Largest body of a bulk request in bytes, also after decompression. */
const MAX_BULK_BYTES = 32 * 1024 * 1024;

/** Largest body of any other request. */
const MAX_OTHER_BYTES = 1024 * 1024;

const RETRY_SECONDS = 1;
const BULK = /^(?:\/([^/]+)){0,2}\/_bulk$/;

/** Whom collectors count as. */
const COLLECTOR: UserInfo = { name: 'system:collector', groups: [] };

const HEADERS = { 'x-elastic-product': 'Elasticsearch' };

/** What stores the documents, and who may send them. */
export interface IngestDependencies {
  readonly store: Pick<SqliteStore, 'bulk'>;
  readonly mayIngest: (authorization: string | undefined) => boolean;
}

function failureOf(error: unknown): PlainAnswer {
  if (error instanceof StoreSyntaxError) {
    return errorAnswer(400, 'illegal_argument_exception', error.message);
  }
  if (error instanceof SearchError) {
    return error.failure === 'busy'
      ? errorAnswer(429, 'es_rejected_execution_exception', error.message)
      : errorAnswer(503, 'unavailable_shards_exception', error.message);
  }

  const { code, message } = toStatusError(error);

  return errorAnswer(code, 'illegal_argument_exception', code < 500 ? message : messageOf(error));
}

function send(res: ServerResponse, { status, body }: PlainAnswer): void {
  sendJson(res, status, body, {
    ...HEADERS,
    ...(status === 401 && { 'www-authenticate': 'Basic realm="ingest", Bearer' }),
    ...(status === 429 && { 'retry-after': String(RETRY_SECONDS) }),
    // The rest of a body that was not read would be taken for the next request.
    ...(status >= 400 && { connection: 'close' }),
  });
}

/** Returns the path of a bulk request's index; undefined for another request. */
function bulkIndex(method: string, path: string): string | undefined {
  if (method !== 'POST' && method !== 'PUT') {
    return undefined;
  }

  // Elasticsearch before 7 has types between the index and the action.
  const [index = ''] = path.slice(1, -'/_bulk'.length).split('/');

  return BULK.test(path) ? index : undefined;
}

/**
 * Serves the part of Elasticsearch's API that collectors such as Fluent Bit, Vector and Logstash
 * need to send documents, with a token of its own.
 */
export class ElasticsearchIngest {
  readonly #dependencies: IngestDependencies;

  constructor(dependencies: IngestDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether a path belongs to the API. */
  takes(path: string): boolean {
    return path === INGEST_PATH || path.startsWith(`${INGEST_PATH}/`);
  }

  /** Answers a call. */
  async handle(exchange: Exchange, bodies: BodyBudgets): Promise<void> {
    const { req, res } = exchange;

    try {
      if (!this.#dependencies.mayIngest(req.headers.authorization)) {
        send(res, errorAnswer(401, 'security_exception', 'the token is missing or wrong'));
        return;
      }

      exchange.user = COLLECTOR;
      if (hasBody(req)) {
        bodies.open(req, res, COLLECTOR);
      }

      await this.#answer(req, res, exchange.info.path.slice(INGEST_PATH.length) || '/');
    } catch (error) {
      send(res, failureOf(error));
    }
  }

  async #answer(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const { method = '' } = req;
    const index = bulkIndex(method, path);

    if (index !== undefined) {
      const body = await readRequestBody(req, MAX_BULK_BYTES);
      const answer = await this.#dependencies.store.bulk(index, new Uint8Array(body));

      res.writeHead(200, {
        ...HEADERS,
        'content-type': 'application/json; charset=UTF-8',
        'content-length': answer.byteLength,
      });
      res.end(answer);

      return;
    }

    if (hasBody(req)) {
      await readRequestBody(req, MAX_OTHER_BYTES);
    }

    send(
      res,
      plainAnswer(method, path) ??
        errorAnswer(404, 'resource_not_found_exception', `${method} ${path} is not served here`),
    );
  }
}
