import { readFileSync } from 'node:fs';
import { Agent } from 'undici';

/** A page of metrics; in OpenMetrics, timestamps are seconds. */
export interface MetricPage {
  bytes: Uint8Array<ArrayBuffer>;
  format: 'text' | 'openmetrics';
}

/** Largest page in bytes: that of kube-state-metrics has some KB for each pod. */
const MAX_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const OPENMETRICS = 'application/openmetrics-text';

/**
 * Fetches pages of metrics over HTTP. Redirects are not followed, pages are bounded, a call ends
 * with its signal.
 */
export class PageClient {
  readonly #agent: Agent;

  /** `caFile` is a file with authorities (PEM) that are trusted; Node's own ones without it. */
  constructor(caFile = '') {
    this.#agent = new Agent({
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(caFile !== '' && { ca: readFileSync(caFile, 'utf8') }),
      },
      maxResponseSize: MAX_BYTES,
    });
  }

  /** Fetches a page. Rejects when the answer is not 200, or longer than 64 MiB. */
  async fetch({ origin, pathname, search }: URL, signal: AbortSignal): Promise<MetricPage> {
    const { statusCode, headers, body } = await this.#agent.request({
      origin,
      path: pathname + search,
      method: 'GET',
      headers: { accept: 'text/plain;version=0.0.4,*/*;q=0.1' },
      signal,
    });

    if (statusCode !== 200) {
      body.on('error', () => {}).destroy();
      throw new Error(`the answer has status ${statusCode}`);
    }

    const isOpenMetrics = String(headers['content-type']).startsWith(OPENMETRICS);

    // The copy has memory of its own, which can be given to a worker.
    return {
      bytes: new Uint8Array(await body.bytes()),
      format: isOpenMetrics ? 'openmetrics' : 'text',
    };
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
