import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { LRUCache } from 'lru-cache';
import { answerPath, isolateModule, type RegoModule, RegoModuleError } from './rego-module.ts';

const LIMITS = {
  /** Modules to keep on the policy server; the least recently stored is deleted there. */
  modules: 500,
  /** Answers that are remembered, and for how long, in milliseconds. */
  answers: 10_000,
  answerMs: 5000,
  /** Evaluations at the same time; further ones deny. */
  concurrent: 128,
  /** Longest answer that is read, in bytes. */
  body: 256 * 1024,
};

/**
 * The OPA server's URL, how long a call may take, in milliseconds, and the CA (PEM) of its
 * certificate.
 */
export interface OpaOptions {
  endpoint: string;
  timeoutMs: number;
  ca?: string | undefined;
  onError: (error: unknown) => void;
}

/** Whether a module can be evaluated, and if not, why. */
export interface ModuleState {
  usable: boolean;
  reason: 'Evaluated' | 'NoPolicyServer' | 'InvalidModule' | 'PolicyServerFailed';
  message: string;
}

/** Evaluates rego-override annotations. */
export interface OverridePolicy {
  /** Whether a module allows a call; false if that cannot be determined. Never rejects. */
  allows(source: string, input: unknown): Promise<boolean>;
  check(source: string): Promise<ModuleState>;
}

/** The state of all modules if no policy server is configured: they allow nothing. */
export const NO_POLICY_SERVER: ModuleState = {
  usable: false,
  reason: 'NoPolicyServer',
  message: 'authorization.opa.endpoint is not configured: the override allows nothing',
};

/**
 * Evaluates modules on an OPA server by its REST API (OPA "REST API", Policy and Data). Each module
 * is stored there once, under a name made from its text. It fails closed: if the server does not
 * answer in time, or answers anything but true, the call is not allowed.
 */
export class OpaServer implements OverridePolicy {
  readonly #options: OpaOptions;
  readonly #agent: http.Agent;
  readonly #base: URL;
  readonly #modules = new Map<string, RegoModule>();
  readonly #answers = new LRUCache<string, boolean>({
    max: LIMITS.answers,
    ttl: LIMITS.answerMs,
  });
  #asking = 0;

  /** Throws a TypeError for an endpoint that is no http or https URL. */
  constructor(options: OpaOptions) {
    this.#options = options;
    this.#base = new URL(options.endpoint);

    if (!/^https?:$/.test(this.#base.protocol)) {
      throw new TypeError(`no http or https URL: ${options.endpoint}`);
    }

    const keepAlive = { keepAlive: true, maxSockets: LIMITS.concurrent };
    this.#agent =
      this.#base.protocol === 'https:'
        ? new https.Agent({ ...keepAlive, ...(options.ca && { ca: options.ca }) })
        : new http.Agent(keepAlive);
  }

  async allows(source: string, input: unknown): Promise<boolean> {
    const body = JSON.stringify({ input });
    const key = createHash('sha256').update(source).update('\0').update(body).digest('base64');
    const known = this.#answers.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#asking >= LIMITS.concurrent) {
      return false;
    }

    this.#asking += 1;

    try {
      const allowed = await this.#ask(isolateModule(source), body);
      this.#answers.set(key, allowed);
      return allowed;
    } catch (error) {
      // An invalid module is reported in its role's status, not for every call.
      if (!(error instanceof RegoModuleError)) {
        this.#options.onError(error);
      }

      return false;
    } finally {
      this.#asking -= 1;
    }
  }

  async check(source: string): Promise<ModuleState> {
    try {
      await this.#put(isolateModule(source));

      return {
        usable: true,
        reason: 'Evaluated',
        message: 'the override is evaluated by the policy server',
      };
    } catch (error) {
      const invalid = error instanceof RegoModuleError;
      const why = messageOf(error);

      return {
        usable: false,
        reason: invalid ? 'InvalidModule' : 'PolicyServerFailed',
        message: `${why}: the override allows nothing`,
      };
    }
  }

  async #ask(module: RegoModule, body: string): Promise<boolean> {
    const fresh = !this.#modules.has(module.id);
    if (fresh) {
      await this.#put(module);
    }

    const result = await this.#result(module, body);
    if (result !== undefined || fresh) {
      return result === true;
    }

    // No result: perhaps the server was restarted and has lost the module.
    const { status } = await this.#call('GET', `/v1/policies/${module.id}`);
    if (status !== 404) {
      return false;
    }

    await this.#put(module);

    return (await this.#result(module, body)) === true;
  }

  async #result(module: RegoModule, body: string): Promise<unknown> {
    const { status, text } = await this.#call('POST', answerPath(module), body, 'application/json');
    if (status !== 200) {
      throw new Error(`the policy server answered ${status}`);
    }

    const { result }: { result?: unknown } = JSON.parse(text);

    return result;
  }

  async #put(module: RegoModule): Promise<void> {
    const { status } = await this.#call(
      'PUT',
      `/v1/policies/${module.id}`,
      module.text,
      'text/plain',
    );

    if (status === 400) {
      throw new RegoModuleError('the policy server does not accept the module');
    }
    if (status !== 200) {
      throw new Error(`the policy server answered ${status}`);
    }

    this.#modules.delete(module.id);
    this.#modules.set(module.id, module);

    if (this.#modules.size <= LIMITS.modules) {
      return;
    }

    const [oldest = ''] = this.#modules.keys();
    this.#modules.delete(oldest);
    await this.#call('DELETE', `/v1/policies/${oldest}`);
  }

  /** Makes one call. Redirects are answers like any other, and an answer is read up to a limit. */
  #call(
    method: string,
    path: string,
    body?: string,
    type?: string,
  ): Promise<{ status: number; text: string }> {
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/$/, '') + path;

    const headers =
      body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    const { request } = url.protocol === 'https:' ? https : http;

    return new Promise((resolve, reject) => {
      const sent = request(url, { method, headers, agent: this.#agent, signal }, (response) => {
        const pieces: Buffer[] = [];
        let length = 0;
        response.on('data', (piece: Buffer) => {
          length += piece.byteLength;
          if (length > LIMITS.body) {
            sent.destroy(new Error('the answer of the policy server is too long'));
          } else {
            pieces.push(piece);
          }
        });

        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
        );
        response.on('error', reject);
      });

      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}
