import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { KubeconfigError, loadKubeconfig, parseKubeconfig } from './kubeconfig.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  await writeFile(join(dir, 'ca.pem'), 'CA');
});

after(() => rm(dir, { recursive: true }));

const config = (cluster: string, user = '{}') => `current-context: x
contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]
clusters: [{name: c, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
`;

test('inline data, files and credentials are read', async () => {
  const read = await parseKubeconfig(
    config(
      '{server: "https://h:6443/", certificate-authority: ca.pem}',
      `{client-key-data: ${btoa('KEY')}, token: t}`,
    ),
    dir,
  );

  assert.deepEqual(read, {
    server: 'https://h:6443',
    ca: 'CA',
    key: 'KEY',
    token: 't',
    namespace: 'n',
  });
});

const wrong: [string, RegExp][] = [
  ['', /it is empty/],
  ['a: [', /no YAML/],
  ['clusters: []', /no current-context/],
  [config('{}'), /no valid server URL/],
  [config('{server: "ftp://x"}'), /no valid server URL/],
  ['current-context: y\ncontexts: []', /no context called "y"/],
];

for (const [text, message] of wrong) {
  test(`refused: ${text.split('\n')[0]}`, () =>
    assert.rejects(parseKubeconfig(text, dir), message));
}

test('every invalid text is refused with a KubeconfigError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await assert.rejects(parseKubeconfig(text, dir), KubeconfigError);
    }),
  );
});

test('a missing file is named in the error', () =>
  assert.rejects(loadKubeconfig(join(dir, 'none')), /kubeconfig .*none cannot be used: ENOENT/));
