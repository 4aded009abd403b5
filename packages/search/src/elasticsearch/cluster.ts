import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { SearchError } from '../query/search-backend.ts';
import { AnswerScanner } from './answer-scanner.ts';
import { ClusterConnection, type ClusterRequest, type ConnectionOptions } from './connection.ts';
import { announcedDialect, configuredDialect, type Dialect } from './dialect.ts';
import { type FailureWords, inWordsOf } from './failures.ts';
import type { ResultText } from './result.ts';

/** How long a version that the server announced is remembered, in milliseconds. */
const REMEMBERED_MS = 3_600_000;

/** Where a cluster is and which version it has; '' to ask it. */
export interface ClusterOptions extends ConnectionOptions {
  readonly version: string;
}

/** A result and the documents that were in it. */
export interface Result {
  readonly result: ResultText;
  readonly documents: readonly Uint8Array[];
}

/** An answer with an error status, which a search context may have caused. */
export class RefusedError extends SearchError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('refused', message);
    this.status = status;
  }
}

/** An Elasticsearch or OpenSearch cluster that is searched for one kind of documents. */
export class SearchCluster {
  readonly #connection: ClusterConnection;
  readonly #words: FailureWords;
  readonly #configured: Dialect | undefined;
  #announced: { readonly dialect: Dialect; readonly until: number } | undefined;

  /** Throws a TypeError for addresses that are none, or a version that is not supported. */
  constructor(options: ClusterOptions, words: FailureWords) {
    this.#configured = configuredDialect(options.version);
    this.#connection = new ClusterConnection(options);
    this.#words = words;
  }

  /** Returns how the cluster wants to be asked. Rejects with a SearchError. */
  async dialect(signal: AbortSignal): Promise<Dialect> {
    if (this.#configured) {
      return this.#configured;
    }
    if (this.#announced && Date.now() < this.#announced.until) {
      return this.#announced.dialect;
    }

    const { status, scanner } = await this.#ask({ method: 'GET', path: '/' }, signal);
    if (status !== 200) {
      throw new RefusedError(status, this.#words.refused(status, scanner.rest()));
    }

    const dialect = announcedDialect(scanner.rest());
    this.#announced = { dialect, until: Date.now() + REMEMBERED_MS };

    return dialect;
  }

  async #ask(request: ClusterRequest, signal: AbortSignal) {
    const scanner = new AnswerScanner();
    const asked = this.#connection.request(request, scanner.read, signal);
    const status = await inWordsOf(this.#words, asked);

    return { status, scanner };
  }

  /**
   * Makes a request that is answered with a result. Rejects with a RefusedError for another status,
   * with another SearchError when the answer cannot be read.
   */
  async search(request: ClusterRequest, signal: AbortSignal): Promise<Result> {
    const { status, scanner } = await this.#ask(request, signal);
    const rest = scanner.rest();
    if (status !== 200) {
      throw new RefusedError(status, this.#words.refused(status, rest));
    }

    return this.readable(() => {
      const result: unknown = JSON.parse(rest);
      if (typeof result !== 'object' || result === null) {
        throw new TypeError('it is no object');
      }

      return { result, documents: scanner.documents };
    });
  }

  /** Reads something of an answer; what is thrown becomes a SearchError. */
  readable<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const words = this.#words.unreadable(messageOf(error));
      throw new SearchError('unavailable', words, { cause: error });
    }
  }

  /** Ends requests in progress and idle connections. */
  close(): Promise<void> {
    return this.#connection.close();
  }
}
