import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { ensurePki, writeAdminKubeconfig } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';

/** A Kubernetes API without KubeSphere and without controllers, in the process of the test. */
export class PlainKubernetes {
  readonly #api: KubeApiServer;
  readonly #dir: string;
  /** kubeconfig of its administrator, in base64. */
  readonly kubeconfig: string;

  private constructor(api: KubeApiServer, dir: string, kubeconfig: string) {
    this.#api = api;
    this.#dir = dir;
    this.kubeconfig = kubeconfig;
  }

  /** Starts the API on a free port, with an empty store. */
  static async start(): Promise<PlainKubernetes> {
    const dir = await mkdtemp(join(tmpdir(), 'plain-kubernetes-'));
    const backend = await LmdbBackend.open({ path: join(dir, 'objects'), fsync: false });
    const pki = await ensurePki(join(dir, 'pki'));
    const api = await KubeApiServer.open({
      backend,
      rootCa: pki.ca,
      clientCa: { cert: pki.ca, key: pki.caKey },
    });
    const { port } = await api.listen({ port: 0, tls: { ...pki.serving, ca: pki.ca } });
    const file = await writeAdminKubeconfig(join(dir, 'pki'), `https://127.0.0.1:${port}`);

    return new PlainKubernetes(api, dir, (await readFile(file)).toString('base64'));
  }

  /** Calls the API with all rights. */
  async call(
    path: string,
    { method = 'GET', body }: { method?: string; body?: unknown } = {},
    // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  ): Promise<{ status: number; json: any }> {
    const answer = await this.#api.request({
      method,
      url: path,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
    });

    return { status: answer.status, json: JSON.parse((await readBody(answer.body)).toString()) };
  }

  async stop(): Promise<void> {
    await this.#api.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
