import { readText, Upstream, type UpstreamAnswer, type UpstreamOptions } from '../upstream.ts';
import { JenkinsError, reasonOf } from './jenkins-error.ts';

/** How Jenkins is reached, and the name and password of its administrator. */
export interface JenkinsAdminOptions extends Omit<UpstreamOptions, 'timeoutMs'> {
  username: string;
  password: string;
  /** Longest wait for an answer, in milliseconds; default 30 s. */
  timeoutMs?: number;
}

/** What is sent to Jenkins to change something. */
export interface JenkinsPost {
  /** Default `application/x-www-form-urlencoded`, as Jenkins' own pages send. */
  contentType?: string;
  body?: string;
  /** What Jenkins says is not repeated in errors: the body contains secrets. */
  isSecret?: boolean;
  signal?: AbortSignal;
}

/** The header that protects against forged requests, and the session that it belongs to. */
type Crumb = Readonly<Record<string, string>>;

const TIMEOUT_MS = 30_000;

/** Longest answer that is read, in bytes: a document of a job with its Jenkinsfile. */
const MAX_BYTES = 8 * 1024 * 1024;

/** As 3.0 asks for it; Jenkins reads no further than the first `api/json`. */
const CRUMB_PATH = '/crumbIssuer/api/json/api/json';

const FORM = 'application/x-www-form-urlencoded';

/** Where Jenkins sends callers who are not signed in. */
const SIGN_IN = /\/(login|securityRealm\/|loginError)/;

/** Name of a header (RFC 9110, "token"). */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

/**
 * Calls Jenkins as its administrator. Calls that change something carry a crumb, which is asked for
 * once and again when Jenkins no longer accepts it.
 */
export class JenkinsAdmin {
  readonly #upstream: Upstream;
  readonly #authorization: string;
  #crumb: Promise<Crumb> | undefined;

  /** Throws when the URL is none, or the file of certificates cannot be read. */
  constructor({ username, password, timeoutMs = TIMEOUT_MS, ...options }: JenkinsAdminOptions) {
    this.#upstream = new Upstream({ ...options, timeoutMs });
    this.#authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** Reads a text. Rejects with a JenkinsError or an UpstreamError. */
  async get(path: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#send('GET', path, { signal });
    const body = await readText(answer, { maxBytes: MAX_BYTES });

    if (!isSuccess(answer)) {
      throw failure(answer, 'GET', path, body);
    }

    return body;
  }

  /** Changes something. Rejects with a JenkinsError or an UpstreamError. */
  async post(path: string, options: JenkinsPost = {}): Promise<void> {
    const { contentType = FORM, body, isSecret, signal } = options;
    const { answer, text } = await this.#postWithCrumb(path, { contentType, body, signal });

    if (!isSuccess(answer)) {
      throw failure(answer, 'POST', path, isSecret ? '' : text);
    }
  }

  /** Ends all calls. */
  close(): Promise<void> {
    return this.#upstream.close();
  }

  /** Posts once more with a new crumb when Jenkins refuses: a restart ends all sessions. */
  async #postWithCrumb(
    path: string,
    { contentType, body, signal }: { contentType: string } & Sent,
  ): Promise<{ answer: UpstreamAnswer; text: string }> {
    for (let attempt = 1; ; attempt += 1) {
      const crumb = this.#crumb ?? this.#newCrumb();
      const headers = { 'content-type': contentType, ...(await this.#settled(crumb)) };
      const answer = await this.#send('POST', path, { headers, body, signal });
      const text = await readText(answer, { maxBytes: MAX_BYTES });

      if (answer.status !== 403 || attempt > 1) {
        return { answer, text };
      }

      if (this.#crumb === crumb) {
        this.#crumb = undefined;
      }
    }
  }

  /** Asks for a crumb, for all calls that wait for one. */
  #newCrumb(): Promise<Crumb> {
    this.#crumb = this.#askForCrumb();
    return this.#crumb;
  }

  async #settled(crumb: Promise<Crumb>): Promise<Crumb> {
    try {
      return await crumb;
    } catch (error) {
      if (this.#crumb === crumb) {
        this.#crumb = undefined;
      }
      throw error;
    }
  }

  async #askForCrumb(): Promise<Crumb> {
    const answer = await this.#send('GET', CRUMB_PATH, {});
    const text = await readText(answer, { maxBytes: MAX_BYTES });

    // Jenkins needs none.
    if (answer.status === 404) {
      return {};
    }
    if (!isSuccess(answer)) {
      throw failure(answer, 'GET', CRUMB_PATH, text);
    }

    const { crumb, crumbRequestField: name } = crumbOf(text);
    if (!HEADER_NAME.test(name) || /[^\x20-\x7E]/.test(crumb)) {
      throw new JenkinsError(answer.status, { method: 'GET', path: CRUMB_PATH }, 'no crumb');
    }

    const cookies = [answer.headers['set-cookie'] ?? []]
      .flat()
      .map((cookie) => cookie.split(';', 1)[0] ?? '');

    return { [name]: crumb, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
  }

  #send(
    method: string,
    path: string,
    { headers, body, signal }: Sent & { headers?: Record<string, string> },
  ): Promise<UpstreamAnswer> {
    return this.#upstream.call({
      method,
      path,
      headers: { authorization: this.#authorization, ...headers },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  }
}

interface Sent {
  body?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Jenkins answers forms with a redirect to the next page. */
function isSuccess({ status, headers }: UpstreamAnswer): boolean {
  return status < 300 || (status < 400 && !SIGN_IN.test(String(headers.location ?? '')));
}

function failure(
  { status }: UpstreamAnswer,
  method: string,
  path: string,
  body: string,
): JenkinsError {
  const [shown = ''] = path.split('?', 1);
  const reason = status < 400 ? 'it wants the caller to sign in' : reasonOf(body);

  return new JenkinsError(status, { method, path: shown }, reason);
}

function crumbOf(text: string): { crumb: string; crumbRequestField: string } {
  try {
    const { crumb, crumbRequestField } = JSON.parse(text) ?? {};
    return { crumb: String(crumb ?? ''), crumbRequestField: String(crumbRequestField ?? '') };
  } catch {
    return { crumb: '', crumbRequestField: '' };
  }
}
