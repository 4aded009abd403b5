import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { bodyText } from './request-body.ts';

const MAIN = fileURLToPath(new URL('../../bundle/main.js', import.meta.url));
const START_MS = 30_000;

/** Password of admin in tests. */
export const ADMIN_PASSWORD = 'P@88w0rd';

/**
 * How long a real garbage collector may take, in milliseconds: it looks for new kinds of owners
 * every half minute.
 */
export const GARBAGE_MS = 75_000;

/** An answer with its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  json: any;
}

/** Caller and content of a test's call. */
export interface Call {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: unknown;
  form?: Record<string, string>;
}

/**
 * Starts the peers of a server: none, or a real cluster and Redis if the environment names their
 * module.
 */
interface Peers {
  args: readonly string[];
  kubeconfig?: string | undefined;
  stop(): Promise<void>;
}

async function startPeers(args: readonly string[]): Promise<Peers> {
  const module = process.env.KS_TEST_PEERS;
  if (!module) {
    return { args, stop: async () => {} };
  }

  return (await import(pathToFileURL(module).href)).startPeers(args);
}

/** The real server in its own process, on free ports and an empty data directory. */
export class TestServer {
  readonly url: string;
  readonly kubeconfig: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  readonly #output: () => string;
  readonly #keep: boolean;
  readonly #peers: Peers;

  private constructor(
    process: ChildProcess,
    url: string,
    kubeconfig: string,
    dataDir: string,
    output: () => string,
    keep: boolean,
    peers: Peers,
  ) {
    this.process = process;
    this.url = url;
    this.kubeconfig = kubeconfig;
    this.dataDir = dataDir;
    this.#output = output;
    this.#keep = keep;
    this.#peers = peers;
  }

  /** Starts a server; rejects with its output if it does not become ready. */
  static async start(
    options: { args?: string[]; dataDir?: string; env?: Record<string, string> } = {},
  ): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'ks-apiserver-')));

    const args = [
      '--enable-source-maps',
      MAIN,
      '--data-dir',
      dataDir,
      '--insecure-port',
      '0',
      '--secure-port',
      '0',
      '--admin-password',
      ADMIN_PASSWORD,
      '--log-level',
      'warn',
    ];

    const peers = await startPeers(options.args ?? []);

    const child = spawn(process.execPath, [...args, ...peers.args], {
      cwd: dataDir,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

    let output = '';

    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the server did not start:\n${output}`)),
        START_MS,
      );

      const onData = (chunk: Buffer) => {
        output += chunk;
        if (output.includes('/v1alpha3/nodes')) {
          clearTimeout(timer);
          resolve();
        }
      };

      child.stdout.on('data', onData);
      child.stderr.on('data', onData);

      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with code ${code}:\n${output}`));
      });
    });

    await ready;

    const url = /KubeSphere:\s+(\S+)/.exec(output)![1]!;
    const kubeconfig = peers.kubeconfig ?? /kubeconfig:\s+(\S+)/.exec(output)?.[1] ?? '';

    return new TestServer(
      child,
      url,
      kubeconfig,
      dataDir,
      () => output,
      options.dataDir !== undefined,
      peers,
    );
  }

  /** Everything that the server has printed and logged. */
  get output(): string {
    return this.#output();
  }

  /** Calls the KubeSphere API. */
  async call(
    path: string,
    { method, token, headers = {}, body, form }: Call = {},
  ): Promise<Answer> {
    const sent: Record<string, string> = { ...headers };

    if (token) {
      sent.authorization = `Bearer ${token}`;
    }
    if (body !== undefined && !sent['content-type']) {
      sent['content-type'] = 'application/json';
    }

    const payload = form ? new URLSearchParams(form) : bodyText(body);

    const response = await fetch(this.url + path, {
      method: method ?? (payload === undefined ? 'GET' : 'POST'),
      headers: sent,
      ...(payload !== undefined && { body: payload }),
      redirect: 'manual',
    });

    const text = await response.text();
    let json: unknown;

    try {
      json = JSON.parse(text);
    } catch {
      // A text answer stays a string.
    }

    return { status: response.status, headers: response.headers, text, json };
  }

  /** Logs in; returns the answer with the token pair. */
  login(username: string, password: string): Promise<Answer> {
    return this.call('/oauth/token', { form: { grant_type: 'password', username, password } });
  }

  /** Logs in and returns an access token; throws if the log-in is refused. */
  async token(username = 'admin', password = ADMIN_PASSWORD): Promise<string> {
    const { status, text, json } = await this.login(username, password);
    if (status !== 200) {
      throw new Error(`log-in of ${username}: ${status} ${text}`);
    }

    return json.access_token;
  }

  /** Calls the Kubernetes API itself, embedded or real, as the administrator of its kubeconfig. */
  async kubernetes(
    path: string,
    options: { method?: string; body?: unknown; type?: string } = {},
  ): Promise<{ status: number; json: Answer['json'] }> {
    const config = parse(await readFile(this.kubeconfig, 'utf8'));
    const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
    const { 'client-certificate-data': cert, 'client-key-data': key, token } = config.users[0].user;
    const decode = (data: string | undefined) => data && Buffer.from(data, 'base64');
    const payload = options.body === undefined ? undefined : JSON.stringify(options.body);

    const request = https.request(server + path, {
      method: options.method ?? 'GET',
      ca: decode(ca),
      cert: decode(cert),
      key: decode(key),
      rejectUnauthorized: ca !== undefined,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && {
          'content-type': options.type ?? 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
      },
    });

    request.end(payload);

    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    let text = '';

    for await (const chunk of response) {
      text += chunk;
    }

    return { status: response.statusCode!, json: JSON.parse(text) };
  }

  /** Ends the process with a signal; returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await once(this.process, 'exit');
    }

    await this.#peers.stop();

    if (!this.#keep) {
      await rm(this.dataDir, { recursive: true, force: true });
    }

    return this.process.exitCode;
  }
}

/** Runs the command to its end; returns the exit code and its standard error. */
export async function run(
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

  let stderr = '';
  let stdout = '';

  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdout.on('data', (chunk) => (stdout += chunk));

  const [code] = await once(child, 'exit');

  return { code, stderr, stdout };
}

/** Calls until the check passes; throws its last error after the time, in milliseconds. */
export async function eventually<T>(check: () => Promise<T>, ms = 10_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
