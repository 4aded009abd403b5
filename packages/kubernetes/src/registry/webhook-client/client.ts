import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

/** The largest answer that is read, in bytes (as much as kube-apiserver reads of a request). */
const MAX_ANSWER_BYTES = 3 * 1024 * 1024;

/** Open connections to one webhook. */
const MAX_SOCKETS = 64;

/** The URL of a call without its query, and how its certificate is verified. */
export interface WebhookTarget {
  url: URL;
  /** PEM; the system's CAs when undefined. */
  ca?: string;
  /** Host name that the certificate must have, where it is not the URL's host. */
  serverName?: string;
  /** Finds the address to connect to instead of the URL's host; may throw a WebhookCallError. */
  connect?: () => { host: string; port: number };
}

/** A call without a usable answer; the message says why in kube-apiserver's words. */
export class WebhookCallError extends Error {}

const TLS_FAILURES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
};

function reasonOf(
  error: NodeJS.ErrnoException & { address?: string; port?: number; host?: string },
): string {
  const { code = '' } = error;
  const at = `dial tcp ${error.address?.includes(':') ? `[${error.address}]` : error.address}:${error.port}`;

  if (code === 'ECONNREFUSED') {
    return `${at}: connect: connection refused`;
  }
  if (code === 'EHOSTUNREACH') {
    return `${at}: connect: no route to host`;
  }
  if (code === 'ENETUNREACH') {
    return `${at}: connect: network is unreachable`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `dial tcp: lookup ${(error as { hostname?: string }).hostname}: no such host`;
  }
  if (TLS_FAILURES[code]) {
    return `tls: failed to verify certificate: ${TLS_FAILURES[code]}`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `tls: failed to verify certificate: x509: ${(error as { reason?: string }).reason ?? 'certificate is not valid for this name'}`;
  }

  return code === 'ECONNRESET' ? 'EOF' : error.message;
}

/** Calls webhooks over TLS, without credentials of any user, and without following redirects. */
export class WebhookClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: 60_000 });

  /** Posts JSON; returns the JSON of the answer, throws a WebhookCallError. */
  async post(target: WebhookTarget, body: string, timeoutSeconds: number): Promise<unknown> {
    const url = new URL(target.url);
    url.searchParams.set('timeout', `${timeoutSeconds}s`);

    const host = target.serverName ? `${url.hostname}:${url.port || 443}` : url.host;
    const shown = `Post ${JSON.stringify(`https://${host}${url.pathname}${url.search}`)}: `;

    const { status, text, type } = await this.#exchange(
      target,
      url,
      body,
      timeoutSeconds * 1000,
    ).catch((error) => {
      throw new WebhookCallError(
        shown + (error instanceof WebhookCallError ? error.message : reasonOf(error)),
      );
    });

    if (status < 200 || status > 206) {
      throw new WebhookCallError(failureOf(status, text));
    }

    if (text === '') {
      throw new WebhookCallError(
        `0-length response with status code: ${status} and content type: ${type ?? ''}`,
      );
    }

    try {
      return JSON.parse(text);
    } catch {
      // Text that is not JSON is a string in YAML, which client-go accepts too.
      throw new WebhookCallError(
        'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
      );
    }
  }

  #exchange(
    target: WebhookTarget,
    url: URL,
    body: string,
    ms: number,
  ): Promise<{ status: number; text: string; type: string | undefined }> {
    return new Promise((resolve, reject) => {
      const connect = target.connect?.();

      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, */*',
        host: url.host,
      };

      const late = () => call.destroy(new WebhookCallError('context deadline exceeded'));
      const timer = setTimeout(late, ms);

      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };

      const call = request(
        {
          agent: this.#agent,
          method: 'POST',
          host: connect?.host ?? url.hostname.replace(/^\[|\]$/g, ''),
          port: connect?.port ?? (url.port || 443),
          path: url.pathname + url.search,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          ...(target.ca !== undefined && { ca: target.ca }),
          ...(target.serverName !== undefined && { servername: target.serverName }),
        },
        (response: IncomingMessage) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.byteLength;
            if (size > MAX_ANSWER_BYTES) {
              call.destroy(
                new WebhookCallError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`),
              );
            } else {
              chunks.push(chunk);
            }
          });

          response.on('error', fail);

          response.on('end', () => {
            clearTimeout(timer);

            const type = response.headers['content-type'] ?? 'application/json';
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(chunks).toString('utf8'),
              type,
            });
          });
        },
      );

      call.on('error', fail);
      call.end(body);
    });
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** The error message for a status other than 2xx (client-go errors.NewGenericServerResponse). */
function failureOf(status: number, text: string): string {
  if (status === 404) {
    return 'the server could not find the requested resource';
  }
  if (status === 401) {
    return 'the server has asked for the client to provide credentials';
  }
  if (status === 403) {
    return 'unknown';
  }
  if (status === 429) {
    return 'the server has received too many requests and has asked us to try again later';
  }
  if (status === 503) {
    return 'the server is currently unable to handle the request';
  }
  if (status === 504) {
    return 'the server was unable to return a response in the time allotted, but may still be processing the request';
  }
  if (status >= 500) {
    return `an error on the server (${JSON.stringify(text.trim().slice(0, 1024) || 'unknown')}) has prevented the request from succeeding`;
  }
  if (status === 400) {
    return 'the server rejected our request for an unknown reason';
  }

  return `the server responded with the status code ${status} but did not return more information`;
}
