import assert from 'node:assert/strict';
import type { TestServer } from './test-server.ts';

/** One event of a live list. */
export interface LiveEvent {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  object: any;
  index?: number;
  totalItems?: number;
  position?: string;
}

/** How long a test waits for an event, in milliseconds. */
const WAIT_MS = 10_000;

/** A client's view of a live list. */
export class LiveStream {
  readonly status: number;
  readonly headers: Headers;
  /** Lines, or blocks of Server-Sent Events, as they came. */
  readonly parts: string[] = [];
  readonly events: LiveEvent[] = [];
  ended = false;
  readonly #abort: AbortController;
  #wake: (() => void)[] = [];
  #taken = 0;

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#abort = abort;
    this.#read(response).catch(() => this.#end());
  }

  /** Opens a live list; `accept` decides its form. */
  static async open(
    server: TestServer,
    path: string,
    token: string,
    headers: Record<string, string> = {},
  ): Promise<LiveStream> {
    const abort = new AbortController();
    const sent = { authorization: `Bearer ${token}`, ...headers };

    return new LiveStream(
      await fetch(server.url + path, { headers: sent, signal: abort.signal }),
      abort,
    );
  }

  async #read(response: Response): Promise<void> {
    const events = response.headers.get('content-type')?.startsWith('text/event-stream');
    const separator = events ? '\n\n' : '\n';
    let text = '';
    const decoder = new TextDecoder();

    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });

      const parts = text.split(separator);
      text = parts.pop()!;

      for (const part of parts) {
        this.parts.push(part);

        const json = events ? /^data: (.*)$/m.exec(part)?.[1] : part;
        if (json) {
          this.events.push(JSON.parse(json));
        }
      }

      for (const wake of this.#wake.splice(0)) {
        wake();
      }
    }

    this.#end();
  }

  #end(): void {
    this.ended = true;
    for (const wake of this.#wake.splice(0)) {
      wake();
    }
  }

  /** Waits until the check passes for everything received. */
  async until(passes: (events: readonly LiveEvent[]) => boolean): Promise<void> {
    const end = Date.now() + WAIT_MS;

    while (!passes(this.events)) {
      if (this.ended || Date.now() > end) {
        assert.fail(
          `${this.ended ? 'the stream ended' : 'no such event'}: ${JSON.stringify(this.events).slice(0, 2000)}`,
        );
      }

      await Promise.race([
        new Promise<void>((resolve) => this.#wake.push(resolve)),
        new Promise((resolve) => setTimeout(resolve, 250)),
      ]);
    }
  }

  /**
   * Returns the events since the last call, as `TYPE name`, once there are `count` of them;
   * bookmarks do not count.
   */
  async next(count: number): Promise<string[]> {
    const rest = () => this.events.slice(this.#taken).filter(({ type }) => type !== 'BOOKMARK');
    await this.until(() => rest().length >= count);

    const events = rest();
    this.#taken = this.events.length;

    return events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.code}`);
  }

  /** Waits for the end of the initial objects; returns their names. */
  async initial(): Promise<string[]> {
    const isEnd = ({ type, object }: LiveEvent) =>
      type === 'BOOKMARK' && object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
    await this.until((events) => events.some(isEnd));

    const end = this.events.findIndex(isEnd);
    this.#taken = end + 1;

    return this.events.slice(0, end).map(({ object }) => object.metadata.name);
  }

  /** Returns the position of the last event that has one. */
  get position(): string {
    return this.events.findLast(({ position }) => position !== undefined)?.position ?? '';
  }

  async finished(): Promise<void> {
    const end = Date.now() + WAIT_MS;

    while (!this.ended) {
      if (Date.now() > end) {
        assert.fail('the stream goes on');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#abort.abort();
  }
}
