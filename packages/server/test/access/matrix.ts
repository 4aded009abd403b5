import assert from 'node:assert/strict';
import { eventually, type TestServer } from '../support/test-server.ts';
import { CALLERS, type Caller, type Row, TENANTS, type Tenant } from './row.ts';

/** Returns the path of a call: to the server itself, or to one of its members. */
export type PathOf = (path: string) => string;

/** A server with users, two workspaces with a project each, and members of the first. */
export class AccessMatrix {
  readonly server: TestServer;
  readonly tokens: ReadonlyMap<Caller, string | undefined>;
  readonly #pathOf: PathOf;

  private constructor(
    server: TestServer,
    tokens: ReadonlyMap<Caller, string | undefined>,
    pathOf: PathOf,
  ) {
    this.server = server;
    this.tokens = tokens;
    this.#pathOf = pathOf;
  }

  /** Creates the users, workspaces and projects; `pathOf` says where the projects are. */
  static async prepare(server: TestServer, pathOf: PathOf = (path) => path): Promise<AccessMatrix> {
    const tokens = new Map<Caller, string | undefined>([['anonymous', undefined]]);
    const admin = await server.token();
    tokens.set('admin', admin);

    const post = async (path: string, body: unknown) => {
      const { status, text } = await server.call(path, { token: admin, body });
      assert.ok(status < 300, `${path}: ${status} ${text}`);
    };

    const user = (name: string, globalrole: string) =>
      post('/kapis/iam.kubesphere.io/v1alpha2/users', {
        metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': globalrole } },
        spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
      });

    for (const name of CALLERS.slice(1, -1)) {
      await user(name, name.endsWith('manager') ? name : 'platform-regular');
    }

    for (const { workspace, namespace } of [TENANTS.own, TENANTS.other]) {
      await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
        metadata: { name: workspace },
        spec: { template: { spec: { manager: 'admin' } } },
      });

      await post(pathOf('/api/v1/namespaces'), {
        metadata: {
          name: namespace,
          labels: { 'kubesphere.io/workspace': workspace },
          annotations: { 'kubesphere.io/creator': 'admin' },
        },
      });
    }

    const workspaceMembers = '/kapis/iam.kubesphere.io/v1alpha2/workspaces/ws-a/workspacemembers';
    const projectMembers = pathOf('/kapis/iam.kubesphere.io/v1alpha2/namespaces/ns-a/members');

    await eventually(() =>
      post(workspaceMembers, [
        { username: 'ws-viewer', roleRef: 'ws-a-viewer' },
        { username: 'ws-admin', roleRef: 'ws-a-admin' },
      ]),
    );

    await eventually(() =>
      post(projectMembers, [
        { username: 'ns-viewer', roleRef: 'viewer' },
        { username: 'ns-operator', roleRef: 'operator' },
      ]),
    );

    for (const name of CALLERS.slice(1, -1)) {
      tokens.set(name, await server.token(name, 'Passw0rd!'));
    }

    await eventually(async () => {
      const path = pathOf('/api/v1/namespaces/ns-a/pods');
      const { status } = await server.call(path, { token: tokens.get('ns-viewer') });
      assert.equal(status, 200);
    });

    return new AccessMatrix(server, tokens, pathOf);
  }

  /** Makes a call as every caller and about every tenant; fails where another answer was expected. */
  async check(method: string, template: string, row: Row): Promise<void> {
    const wrong: string[] = [];

    for (const tenant of Object.keys(TENANTS) as Tenant[]) {
      const allowed = 'own' in row.allowed ? row.allowed[tenant] : row.allowed;

      const values: Record<string, string> = {
        ...TENANTS[tenant],
        resources: row.resources ?? '',
        name: row.name ?? '',
      };

      const whole = template.replace('{path:*}', row.path ?? '');
      const path =
        this.#pathOf(whole.replace(/\{(\w+)\}/g, (_, key) => values[key]!)) + (row.query ?? '');

      const callAs = async (caller: Caller) => {
        // An Accept type that no route produces and a body that no handler decodes: allowed writes
        // fail after authorization and change nothing.
        const writes = method !== 'GET' || row.acts === true;
        const body = writes && method !== 'DELETE' && method !== 'GET' ? '"x"' : undefined;
        const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
        const headers = { 'content-type': type, ...(writes && { accept: 'image/png' }) };

        const { status, text } = await this.server.call(path, {
          method,
          token: this.tokens.get(caller),
          headers,
          ...(body && { body }),
        });

        // OAuth endpoints answer 401 themselves, with texts of their own.
        const denied =
          status === 403 ||
          (status === 401 && text.startsWith('{')) ||
          (row.hides === true && status === 404);

        if (denied === allowed.includes(caller)) {
          wrong.push(`${caller} at ${path}: ${status}`);
        }
      };

      await Promise.all(CALLERS.map(callAs));
    }

    assert.equal(wrong.join('\n'), '');
  }
}
