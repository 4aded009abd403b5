import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePki } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer, type KubeApiServerOptions } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '../storage/memory.ts';

/** One answer; JSON is parsed. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  body: any;
}

/** Options of a test's call. */
export interface CallOptions {
  headers?: Record<string, string>;
  body?: unknown;
  /** Sends no client certificate. */
  anonymous?: boolean;
}

/** A server on a free port, called like a client would. */
export interface TestServer {
  api: KubeApiServer;
  port: number;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Returns the lines of a watch until `count` have come or `ms` have passed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any event.
  watch(path: string, count: number, ms?: number): Promise<any[]>;
  close(): Promise<void>;
}

/** Starts a server over TLS on port 0; over memory unless a backend is given. */
export async function startTestServer(
  options: Partial<KubeApiServerOptions> = {},
): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'kube-api-'));
  const pki = await ensurePki(dir);
  const api = await KubeApiServer.open({ backend: new MemoryBackend(), ...options });
  const { port } = await api.listen({ port: 0, tls: { ...pki.serving, ca: pki.ca } });

  const connection = (anonymous?: boolean) => ({
    host: '127.0.0.1',
    port,
    ca: pki.ca,
    servername: 'localhost',
    checkServerIdentity: () => undefined,
    ...(!anonymous && pki.admin),
  });

  return {
    api,
    port,
    call: (method, path, { headers = {}, body, anonymous } = {}) =>
      new Promise((resolve, reject) => {
        const isWritten = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
        const text = isWritten ? body : JSON.stringify(body);

        const type = {
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(text)),
          }),
          ...headers,
        };

        const req = httpsRequest(
          { ...connection(anonymous), method, path, headers: type, agent: false },
          (res) => {
            const chunks: Buffer[] = [];
            res.on('data', (chunk: Buffer) => chunks.push(chunk));
            res.on('error', reject);

            res.on('end', () => {
              const raw = Buffer.concat(chunks).toString();

              const json =
                String(res.headers['content-type'] ?? '').startsWith('application/json') &&
                raw !== '' &&
                !res.headers['content-encoding'];

              resolve({
                status: res.statusCode!,
                headers: res.headers,
                text: raw,
                body: json && !raw.includes('\n{') ? JSON.parse(raw) : undefined,
              });
            });
          },
        );

        req.on('error', reject);
        req.end(text);
      }),
    watch: (path, count, ms = 3000) =>
      new Promise((resolve, reject) => {
        const events: unknown[] = [];
        let rest = '';

        const req = httpsRequest({ ...connection(), method: 'GET', path, agent: false }, (res) => {
          const finish = () => {
            clearTimeout(timer);
            res.destroy();
            resolve(events);
          };

          const timer = setTimeout(finish, ms);

          res.setEncoding('utf8');

          res.on('data', (text: string) => {
            rest += text;

            const lines = rest.split('\n');
            rest = lines.pop()!;

            for (const line of lines) {
              events.push(JSON.parse(line));
            }

            if (events.length >= count) {
              finish();
            }
          });

          res.on('end', finish);
          res.on('error', finish);
        });

        req.on('error', reject);
        req.end();
      }),
    close: async () => {
      await api.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
