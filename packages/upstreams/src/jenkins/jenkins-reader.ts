import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { readText, type Upstream } from '../upstream.ts';

/** Name and password of Jenkins' administrator. */
export interface JenkinsAccount {
  username: string;
  password: string;
}

/** Jenkins has answered a read with an error; the message names the call and holds the page. */
export class JenkinsReadError extends Error {
  /** Status of the answer. */
  readonly status: number;

  constructor(call: string, status: number, page: string) {
    super(`${call}: ${status} ${page}`);
    this.name = 'JenkinsReadError';
    this.status = status;
  }
}

/** Longest answer that is read, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Longest page of an error that messages hold, in characters. */
const MAX_PAGE = 4096;

/** Reads from Jenkins as its administrator. */
export class JenkinsReader {
  readonly #upstream: Upstream;
  readonly #authorization: string;

  constructor(upstream: Upstream, { username, password }: JenkinsAccount) {
    this.#upstream = upstream;
    this.#authorization = basicAuthorization(username, password);
  }

  /**
   * Reads a JSON document. Rejects with an UpstreamError without an answer, and with a
   * JenkinsReadError for any other status than 200 or a body that is no JSON.
   */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#upstream.call({
      method: 'GET',
      path,
      headers: {
        authorization: this.#authorization,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      signal,
    });

    const text = await readText(answer, { maxBytes: MAX_BYTES });
    const call = `GET ${this.#upstream.origin}${path}`;
    if (answer.status !== 200) {
      throw new JenkinsReadError(call, answer.status, text.slice(0, MAX_PAGE));
    }

    try {
      return JSON.parse(text);
    } catch {
      throw new JenkinsReadError(call, answer.status, 'the answer is no JSON');
    }
  }
}
