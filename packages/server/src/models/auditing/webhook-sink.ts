import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import type { AuditEvent } from './audit-event.ts';
import type { AuditSink } from './audit-queue.ts';

/** Where records are posted. */
export interface WebhookOptions {
  /** URL of the webhook. */
  url: string;
  /** File with certificates (PEM) of the authorities that are trusted, instead of those of Node. */
  caFile: string;
  /** Whether any certificate is accepted, as in 3.0. */
  insecureSkipVerify: boolean;
  /** Limit of one delivery, in milliseconds. */
  timeout: number;
}

const MAX_CONNECTIONS = 10;

/**
 * Posts records to a webhook as `{"Items":[…]}`; only status 200 counts as a success, redirects are
 * not followed.
 */
export class WebhookSink implements AuditSink {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /** Throws an Error for a URL or file that cannot be read. */
  constructor({ url, caFile, insecureSkipVerify, timeout }: WebhookOptions) {
    this.#url = new URL(url);
    this.#timeoutMs = timeout;

    this.#agent = new Agent({
      connect: {
        timeout,
        rejectUnauthorized: !insecureSkipVerify,
        ...(caFile !== '' && { ca: readFileSync(caFile, 'utf8') }),
      },
      connections: MAX_CONNECTIONS,
      headersTimeout: timeout,
      bodyTimeout: timeout,
    });
  }

  async append(events: readonly AuditEvent[]): Promise<void> {
    const { statusCode, body } = await this.#agent.request({
      origin: this.#url.origin,
      path: this.#url.pathname + this.#url.search,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Items: events }),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });

    await body.dump({ limit: 64 * 1024 });

    if (statusCode !== 200) {
      throw new Error(`the audit webhook answered ${statusCode}`);
    }
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
