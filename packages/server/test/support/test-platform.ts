import assert from 'node:assert/strict';
import { type Change, type Door, doorsOf } from './doors.ts';
import { type KubernetesAnswer, OwnKubeconfig } from './own-kubeconfig.ts';
import { type Answer, type Call, eventually, TestServer } from './test-server.ts';

/** Paths of the APIs that tests of access call most. */
export const PATHS = {
  iam: '/kapis/iam.kubesphere.io/v1alpha2',
  tenant: '/kapis/tenant.kubesphere.io/v1alpha2',
  resources: '/kapis/resources.kubesphere.io/v1alpha3',
  iamObjects: '/apis/iam.kubesphere.io/v1alpha2',
  templates: '/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates',
  rbac: '/apis/rbac.authorization.k8s.io/v1',
  clusters: '/apis/cluster.kubesphere.io/v1alpha1/clusters',
  devops: '/apis/devops.kubesphere.io/v1alpha3/devopsprojects',
  requests: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
  kubeconfigs: '/api/v1/namespaces/kubesphere-controls-system/configmaps',
} as const;

/** Password of every user of a `TestPlatform` but the administrator. */
export const PASSWORD = 'Passw0rd!';

/** Namespaces in which only users with all rights write, read credentials and enter containers. */
export const SYSTEM = ['kube-system', 'kubesphere-system', 'kubesphere-controls-system'] as const;

/** Whether the tests run on a real cluster, whose own port does not call this server. */
export const ON_CLUSTER = process.env.KS_TEST_CLUSTER === '1';

const ATTEMPTS = 8;

/** Returns a subject of a role binding of Kubernetes. */
export const userSubject = (name: string) => [
  { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name },
];

/**
 * A server with the administrator logged in, and short methods that create objects for tests of
 * access.
 */
export class TestPlatform {
  readonly server: TestServer;
  readonly admin: string;
  readonly #kubeconfigs: OwnKubeconfig[] = [];
  #failures: string[] = [];

  private constructor(server: TestServer, admin: string) {
    this.server = server;
    this.admin = admin;
  }

  /** Starts a server of its own. */
  static async start(options: Parameters<typeof TestServer.start>[0] = {}): Promise<TestPlatform> {
    const server = await TestServer.start(options);
    return new TestPlatform(server, await server.token());
  }

  async stop(): Promise<void> {
    for (const kubeconfig of this.#kubeconfigs) {
      kubeconfig.close();
    }
    await this.server.stop();
  }

  /** Calls the server, as the administrator unless given a token. */
  call(path: string, options: Call = {}): Promise<Answer> {
    return this.server.call(path, { token: this.admin, ...options });
  }

  /** Writes an object as the administrator, by POST unless overridden; throws when refused. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  async write(path: string, body: unknown, options: Call = {}): Promise<any> {
    const { status, text, json } = await this.call(path, { body, ...options });
    assert.ok(status < 300, `${options.method ?? 'POST'} ${path}: ${status} ${text}`);
    return json;
  }

  /** Writes like `write`, and tries again until the prerequisites exist. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  writeEventually(path: string, body: unknown, options: Call = {}): Promise<any> {
    return eventually(() => this.write(path, body, options));
  }

  /** Returns an object as it is stored. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  async read(path: string): Promise<any> {
    const { status, text, json } = await this.call(path);
    assert.equal(status, 200, `${path}: ${text}`);
    return json;
  }

  /** Creates a user with a global role; returns their token. */
  async createUser(name: string, globalrole = 'platform-regular'): Promise<string> {
    const annotations = { 'iam.kubesphere.io/globalrole': globalrole };
    await this.write(`${PATHS.iam}/users`, {
      metadata: { name, annotations },
      spec: { email: `${name}@example.com`, password: PASSWORD },
    });

    return this.server.token(name, PASSWORD);
  }

  /** Creates a workspace and waits for its roles. */
  async createWorkspace(name: string, manager = 'admin'): Promise<void> {
    await this.write(`${PATHS.tenant}/workspaces`, {
      metadata: { name },
      spec: { template: { spec: { manager } } },
    });

    await eventually(async () => {
      const roles = `${PATHS.iam}/workspaces/${name}/workspaceroles`;
      for (const role of ['admin', 'viewer', 'regular', 'self-provisioner']) {
        assert.equal((await this.call(`${roles}/${name}-${role}`)).status, 200);
      }
    });
  }

  /** Creates a project of a workspace and waits for its roles. */
  async createProject(name: string, workspace: string): Promise<void> {
    const labels = { 'kubesphere.io/workspace': workspace };
    await this.write('/api/v1/namespaces', { metadata: { name, labels } });

    await eventually(async () => {
      for (const role of ['admin', 'operator', 'viewer', 'role-template-view-configmaps']) {
        assert.equal(
          (await this.call(`${PATHS.iam}/namespaces/${name}/roles/${role}`)).status,
          200,
        );
      }
    });
  }

  /** Adds members to `workspaces/{name}`, `namespaces/{name}` or, with '', the cluster. */
  async addMember(place: string, username: string, roleRef: string): Promise<void> {
    const below = place.startsWith('workspaces/') ? 'workspacemembers' : 'members';
    const what = place === '' ? 'clustermembers' : below;
    const base = place === '' ? PATHS.iam : `${PATHS.iam}/${place}`;
    await this.writeEventually(`${base}/${what}`, [{ username, roleRef }]);
    await eventually(async () =>
      assert.equal((await this.call(`${base}/${what}/${username}`)).status, 200),
    );
  }

  /** Creates a ClusterRole with rules and binds it to a user in the cluster. */
  async grantClusterRole(name: string, rules: readonly object[], username: string): Promise<void> {
    await this.write(`${PATHS.rbac}/clusterroles`, { metadata: { name }, rules });

    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
    await this.write(`${PATHS.rbac}/clusterrolebindings`, {
      metadata: { name: `${username}-${name}` },
      roleRef,
      subjects: userSubject(username),
    });
  }

  /** Reports whether the server allows a caller something: `query` is one of `explain`. */
  async isAllowed(token: string, query: string): Promise<boolean> {
    const { status, text, json } = await this.call(`${PATHS.iam}/explain?${query}`, { token });
    assert.equal(status, 200, text);
    return json.allowed;
  }

  /** Waits until the server allows a caller something. */
  waitUntilAllowed(token: string, query: string): Promise<void> {
    return eventually(async () => assert.ok(await this.isAllowed(token, query), query));
  }

  /** Returns a user's kubeconfig, whose certificate is made when it is first asked for. */
  async kubeconfig(name: string): Promise<string> {
    const path = `/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubeconfig`;
    const { status, text } = await this.call(path);
    assert.equal(status, 200, text);

    return text;
  }

  /** Returns a client with a user's own kubeconfig. */
  async kubeconfigOf(name: string): Promise<OwnKubeconfig> {
    const config = await this.kubeconfig(name);
    const client = new OwnKubeconfig(config);
    this.#kubeconfigs.push(client);

    return client;
  }

  /**
   * Makes a change by every form of request, through `send`; returns the answer to each. After a
   * conflict with another write, the request is repeated on the stored object.
   */
  async sendThroughEveryDoor<T extends { status: number }>(
    change: Change,
    send: (door: Door) => Promise<T>,
  ): Promise<{ door: Door; answer: T }[]> {
    const found: { door: Door; answer: T }[] = [];
    const doors = doorsOf(await this.read(change.path), change);
    for (const [index, first] of doors.entries()) {
      let door = first;
      let answer = await send(door);
      for (let attempt = 1; answer.status === 409 && attempt < ATTEMPTS; attempt += 1) {
        door = doorsOf(await this.read(change.path), change)[index]!;
        answer = await send(door);
      }

      found.push({ door, answer });
    }

    return found;
  }

  /** Records a failure for `assertWithstands` when a call is not answered 403. */
  async expectRefused(token: string, method: string, path: string, body?: unknown): Promise<void> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'content-type': type };

    const answer = await this.server.call(path, {
      method,
      token,
      headers,
      ...(body !== undefined && { body }),
    });

    this.#recordUnlessRefused(`${method} ${path}`, answer);
  }

  /**
   * Records a failure for `assertWithstands` when a change passes by any form of request through `/api`
   * and `/apis`.
   */
  async expectRefusedAtEveryDoor(token: string, change: Change): Promise<void> {
    const answers = await this.sendThroughEveryDoor(change, ({ method, path, headers, body }) =>
      this.server.call(path, { method, token, headers, body }),
    );

    for (const { door, answer } of answers) {
      this.#recordUnlessRefused(door.name, answer);
    }
  }

  /** Does the same at the Kubernetes API's own port, with the caller's kubeconfig. */
  async expectRefusedAtOwnPort(client: OwnKubeconfig, change: Change): Promise<void> {
    const answers = await this.sendThroughEveryDoor<KubernetesAnswer>(
      change,
      ({ method, path, headers, body }) => client.call(path, { method, headers, body }),
    );

    // A ValidatingAdmissionPolicy answers 422 by default.
    const isPolicyRefusal = ({ status, text }: KubernetesAnswer) =>
      ON_CLUSTER && status === 422 && text.includes('AdmissionPolicy');

    for (const { door, answer } of answers) {
      if (!isPolicyRefusal(answer)) {
        this.#recordUnlessRefused(`own port: ${door.name}`, answer);
      }
    }
  }

  /** Records a failure for `assertWithstands`. */
  recordFailure(problem: string): void {
    this.#failures.push(problem);
  }

  #recordUnlessRefused(what: string, { status, text }: { status: number; text: string }): void {
    if (status !== 403) {
      this.#failures.push(`${what}: ${status} ${text.slice(0, 200)}`);
    }
  }

  /**
   * Runs an attack, then asserts that all of its calls were refused and no failure was recorded.
   */
  async assertWithstands(act: () => Promise<void>): Promise<void> {
    this.#failures = [];

    try {
      await act();
    } finally {
      // Accepted calls explain the failures after them.
      assert.deepEqual(this.#failures, []);
    }
  }
}
