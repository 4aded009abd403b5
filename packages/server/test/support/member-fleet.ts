import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, TestServer } from './test-server.ts';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

/** Returns a kubeconfig, in base64, of a server that takes any token. */
export function kubeconfigOf(server: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'credential-of-the-member' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };

  return Buffer.from(JSON.stringify(config)).toString('base64');
}

/** A host and its members, each a server of its own. */
export class Fleet {
  readonly host: TestServer;
  readonly members: ReadonlyMap<string, TestServer>;
  readonly #dir: string;

  private constructor(host: TestServer, members: ReadonlyMap<string, TestServer>, dir: string) {
    this.host = host;
    this.members = members;
    this.#dir = dir;
  }

  /** Starts a host, and a member for each name; the members are joined. */
  static async start(names: readonly string[], config: object = {}): Promise<Fleet> {
    const dir = await mkdtemp(join(tmpdir(), 'fleet-'));
    const file = join(dir, 'host.json');
    await writeFile(file, JSON.stringify({ multicluster: { enable: true }, ...config }));

    const args = ['--register-node', 'false'];
    const [host, ...servers] = await Promise.all([
      TestServer.start({ args: ['--config', file, ...args] }),
      ...names.map(() => TestServer.start({ args })),
    ]);

    const members = new Map(
      names.flatMap((name, i) => {
        const server = servers[i];
        return server ? [[name, server] as const] : [];
      }),
    );
    const fleet = new Fleet(host, members, dir);

    for (const name of names) {
      await fleet.rejoin(name);
    }

    await eventually(async () => {
      assert.equal((await host.kubernetes(`${CLUSTERS}/host`)).status, 200);
    }, 30_000);

    return fleet;
  }

  /** Returns a member's server. Throws an Error for a name that there is none of. */
  member(name: string): TestServer {
    const member = this.members.get(name);
    if (!member) {
      throw new Error(`no member ${name}`);
    }

    return member;
  }

  /** Makes a Cluster that is ready. */
  async join(
    name: string,
    kubeconfig: string,
    conditions: readonly { type: string; status: string }[] = [],
  ): Promise<void> {
    const { status, json } = await this.host.kubernetes(CLUSTERS, {
      method: 'POST',
      body: {
        apiVersion: 'cluster.kubesphere.io/v1alpha1',
        kind: 'Cluster',
        metadata: { name },
        spec: { enable: true, connection: { type: 'direct', kubeconfig } },
        status: { conditions: [{ type: 'Ready', status: 'True' }, ...conditions] },
      },
    });

    assert.equal(status, 201, JSON.stringify(json));
  }

  /** Makes the Cluster of a member again. */
  async rejoin(name: string): Promise<void> {
    const kubeconfig = await readFile(this.member(name).kubeconfig);
    await this.join(name, kubeconfig.toString('base64'));
  }

  /** Takes a Cluster away. */
  async leave(name: string): Promise<void> {
    const { status } = await this.host.kubernetes(`${CLUSTERS}/${name}`, { method: 'DELETE' });
    assert.equal(status, 200);
  }

  async stop(): Promise<void> {
    await Promise.all([this.host, ...this.members.values()].map((server) => server.stop()));
    await rm(this.#dir, { recursive: true, force: true });
  }
}
