import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';
import { parse } from 'yaml';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
const guide = readFileSync(new URL('../../../../../docs/guides/lists.md', import.meta.url), 'utf8');

/** Rows `| query | names |` of the guide, in which a bar of a query is escaped with a backslash. */
const rows = [...guide.matchAll(/^\| `(namespaces\/[^`]+)`\s*\| (.*?)\s*\|$/gm)].map(
  ([, query, names]) => ({
    query: query!.replaceAll('\\|', '|'),
    names: names!,
  }),
);

let server: TestServer;
let token: string;

function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${base}${metadata.namespace ? `/namespaces/${metadata.namespace}` : ''}/${kind!.toLowerCase()}s`;
}

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  for (const object of parse(/```yaml\n(.*?)```/s.exec(guide)![1]!) as KubeObject[]) {
    const made = await server.kubernetes(pathOf(object), { method: 'POST', body: object });
    assert.equal(made.status, 201, JSON.stringify(made.json));

    if (!object.status) {
      continue;
    }

    const { status } = await server.kubernetes(`${pathOf(object)}/${object.metadata.name}/status`, {
      method: 'PATCH',
      body: { status: object.status },
      type: 'application/merge-patch+json',
    });

    assert.equal(status, 200);
  }

  await eventually(async () => {
    const { json } = await server.call(
      `${K}/namespaces/shop/pods?fieldSelector=status.phase=Failed`,
      { token },
    );

    assert.equal(json.totalItems, 1);
  });
});

after(() => server.stop());

test('the guide has examples', () => assert.ok(rows.length > 30, String(rows.length)));

test('the examples of the guide get the answers that it shows', async () => {
  let next = '';
  const wrong: string[] = [];

  for (const { query, names } of rows) {
    const [path, parameters = ''] = query.replace('{continue}', next).split('?') as [
      string,
      string?,
    ];

    const { status, json, text } = await server.call(`${K}/${path}?${encodeURI(parameters)}`, {
      token,
    });

    if (json?.continue) {
      next = json.continue;
    }

    const found = (json?.items ?? [json]) as KubeObject[];
    const got =
      status === 200 ? found.map(({ metadata }) => metadata.name).join(', ') : String(status);
    if (got !== names) {
      wrong.push(`${query}: ${got} and not ${names} ${status === 200 ? '' : text}`);
    }
  }

  assert.deepEqual(wrong, []);
});
