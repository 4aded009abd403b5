import { QueryError } from '@ks-apiserver/promql/query-api';

/** Status and body of an HTTP answer. */
export interface Answer {
  status: number;
  text: string;
}

interface Body {
  status?: string;
  data?: unknown;
  errorType?: string;
  error?: string;
}

/** Statuses with which Prometheus explains why it refuses or fails a query. */
const EXPLAINED: ReadonlySet<number> = new Set([400, 422]);

/** Returns the error of a status that says nothing about the query. */
function errorOfStatus(status: number): QueryError | undefined {
  if (status >= 500) {
    return new QueryError('server_error', `server error: ${status}`);
  }
  if (status >= 400) {
    return new QueryError('client_error', `client error: ${status}`);
  }

  return status >= 300
    ? new QueryError('bad_response', `redirects are not followed (status ${status})`)
    : undefined;
}

function parseBody(text: string): Body {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) {
      return body;
    }
  } catch {
    // Answered below.
  }

  throw new QueryError('bad_response', 'the answer is not a JSON object');
}

/** Returns the data of an answer (Prometheus HTTP API, "Format overview"). Throws a QueryError. */
export function dataOf<Data>({ status, text }: Answer): Data {
  const failure = EXPLAINED.has(status) ? undefined : errorOfStatus(status);
  if (failure) {
    throw failure;
  }

  const body = parseBody(text);
  if (body.status !== 'success' || EXPLAINED.has(status)) {
    throw new QueryError(body.errorType ?? 'bad_response', body.error ?? 'the query has failed');
  }

  return body.data as Data;
}
