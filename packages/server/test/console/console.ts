// A model of the server of KubeSphere's console: the requests that it sends for its browser, with
// its headers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import WebSocket from 'ws';
import { type Answer, eventually, type TestServer } from '../support/test-server.ts';

/** The address of the console for browsers. */
const ORIGIN = 'https://console.example.com';
const BROWSER = '198.51.100.23';
const PATCH = 'application/merge-patch+json';

/** One call of a page: method (`WS` for a WebSocket), path, and the body of a write. */
export interface ConsoleCall {
  method: string;
  path: string;
  body?: unknown;
  /** Content type of the body, if it differs from the console's usual one. */
  type?: string;
}

/** A call whose answer its page cannot show. */
export interface Surprise {
  page: string;
  call: string;
  status: number;
  text: string;
}

/** The session of one user at the console: its cookies and its calls. */
export class ConsoleSession {
  readonly #server: TestServer;
  readonly user: string;
  /** Answers that no page of the console can show, in the order of their calls. */
  readonly surprises: Surprise[] = [];
  #token: string;
  #refreshToken: string;

  private constructor(
    server: TestServer,
    user: string,
    { access_token, refresh_token }: Answer['json'],
  ) {
    this.#server = server;
    this.user = user;
    this.#token = access_token;
    this.#refreshToken = refresh_token;
  }

  /**
   * Logs in as the console does: it forwards what its page has sent, and names the browser in a
   * header.
   */
  static async logIn(
    server: TestServer,
    username: string,
    password: string,
  ): Promise<ConsoleSession> {
    const { status, json, text } = await server.call('/oauth/token', {
      form: { username, password, grant_type: 'password', encrypt: 'eA==@x', captcha: '' },
      headers: { 'x-client-ip': BROWSER },
    });

    assert.equal(status, 200, text);

    const user = JSON.parse(
      Buffer.from(json.access_token.split('.')[1], 'base64url').toString(),
    ).username;

    return new ConsoleSession(server, user, json);
  }

  /** Returns the claims of its token, which the console reads. */
  get claims(): Record<string, unknown> {
    return JSON.parse(Buffer.from(this.#token.split('.')[1]!, 'base64url').toString());
  }

  /** Returns the headers that the console's proxy forwards for its browser. */
  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, 'x-forwarded-for': BROWSER, origin: ORIGIN };
  }

  /** Renews the session, in several tabs at once. */
  async refresh(tabs = 1): Promise<void> {
    const answers = await Promise.all(
      Array.from({ length: tabs }, () =>
        this.#server.call('/oauth/token', {
          form: { grant_type: 'refresh_token', refresh_token: this.#refreshToken },
          headers: { authorization: `Bearer ${this.#refreshToken}` },
        }),
      ),
    );

    for (const { status, text } of answers) {
      assert.equal(status, 200, text);
    }

    const { access_token, refresh_token } = answers.at(-1)!.json;
    this.#token = access_token;
    this.#refreshToken = refresh_token;
  }

  /** Makes a call of a page. `expected` are statuses from 400 on that the page can show. */
  async call(
    page: string,
    { method, path, body, type }: ConsoleCall,
    expected: readonly number[] = [],
  ): Promise<Answer> {
    const headers = {
      ...this.#headers,
      ...(body !== undefined && {
        'content-type': type ?? (method === 'PATCH' ? PATCH : 'application/json'),
      }),
    };

    const answer = await this.#server.call(path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });

    if (answer.status >= 400 && !expected.includes(answer.status)) {
      this.#note(page, `${method} ${path}`, answer.status, answer.text);
    }

    return answer;
  }

  /** Repeats a call, as a waiting page does, until the answer satisfies a condition. */
  until(path: string, isThere: (answer: Answer) => boolean): Promise<void> {
    return eventually(async () => {
      const answer = await this.#server.call(path, { headers: this.#headers });
      assert.ok(isThere(answer), `${path}: ${answer.text.slice(0, 200)}`);
    }, 10_000);
  }

  /**
   * Opens a WebSocket as the console's proxy does: at another host than the browser's, with the
   * browser's origin.
   */
  #webSocket(path: string): WebSocket {
    return new WebSocket(this.#server.url.replace('http', 'ws') + path, { headers: this.#headers });
  }

  /** Opens a WebSocket of a page. */
  async watch(page: string, path: string): Promise<void> {
    const socket = this.#webSocket(path);

    const refusal = await new Promise<string | undefined>((resolve) => {
      socket.once('open', () => resolve(undefined));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(`${statusCode}`));
      socket.once('error', (error) => resolve(error.message));
    });

    socket.terminate();

    if (refusal !== undefined) {
      this.#note(page, `WS ${path}`, Number(refusal) || 0, refusal);
    }
  }

  /** Returns the first event of a WebSocket. */
  async firstEvent(path: string): Promise<{ type: string; object: KubeObject }> {
    const socket = this.#webSocket(path);

    try {
      const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
      return JSON.parse(String(data));
    } finally {
      socket.terminate();
    }
  }

  /**
   * Opens a page: all of its calls at once, as a browser makes them. `expected` has statuses by
   * path without the query.
   */
  async open(page: string, calls: readonly string[], expected: Expected = {}): Promise<void> {
    await Promise.all(
      calls.map((call) => {
        const [method, path] = call.split(' ') as [string, string];
        if (method === 'WS') {
          return this.watch(page, path);
        }

        return this.call(page, { method, path }, expected[path.split('?', 1)[0]!]);
      }),
    );
  }

  #note(page: string, call: string, status: number, text: string): void {
    this.surprises.push({ page, call, status, text: text.slice(0, 200) });
  }
}

/** Statuses from 400 on that a page can show, by path without the query. */
export type Expected = Readonly<Record<string, readonly number[]>>;
