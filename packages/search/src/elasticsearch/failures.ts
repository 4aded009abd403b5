import { STATUS_CODES } from 'node:http';
import type { DocumentKind } from '../query/documents.ts';
import { SearchError } from '../query/search-backend.ts';

/** Most characters of a server's answer that are shown. */
const MAX_SHOWN = 4096;

/** Words for searches that failed, as 3.0 has them for each kind of documents. */
export interface FailureWords {
  /** The server answered with an error. */
  refused(status: number, answer: string): string;
  /** No server answered. */
  unreachable(reason: string): string;
  /** The answer is not what a search is answered with. */
  unreadable(reason: string): string;
}

interface ErrorAnswer {
  readonly error?: { readonly type?: unknown; readonly reason?: unknown } | null;
}

function typeAndReason(answer: string): string | undefined {
  try {
    const value: ErrorAnswer | null = JSON.parse(answer);
    const { type, reason } = value?.error ?? {};

    return typeof type === 'string' ? `type: ${type}, reason: ${reason}` : undefined;
  } catch {
    return undefined;
  }
}

const OF_LOGS: FailureWords = {
  refused: (status, answer) =>
    typeAndReason(answer) ?? `Elasticsearch answered ${status} and does not say why`,
  unreachable: (reason) => `Elasticsearch cannot be reached: ${reason}`,
  unreadable: (reason) => `the answer of Elasticsearch cannot be read: ${reason}`,
};

const OF_OTHERS: FailureWords = {
  refused: (status, answer) =>
    `[${status} ${STATUS_CODES[status] ?? ''}] ${answer.slice(0, MAX_SHOWN)}`,
  unreachable: (reason) => `error getting response: ${reason}`,
  unreadable: (reason) => `error parsing the response body: ${reason}`,
};

/** The words for each kind of documents. */
export const FAILURE_WORDS: Readonly<Record<DocumentKind, FailureWords>> = {
  logs: OF_LOGS,
  events: OF_OTHERS,
  auditing: OF_OTHERS,
};

/** Rejects with the words of a kind instead of the connection's own. */
export async function inWordsOf<T>(words: FailureWords, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof SearchError && error.failure === 'unavailable') {
      throw new SearchError('unavailable', words.unreachable(error.message), { cause: error });
    }
    throw error;
  }
}
