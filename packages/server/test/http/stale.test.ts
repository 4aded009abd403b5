import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LiveStream } from '../support/live-stream.ts';
import { eventually, TestServer } from '../support/test-server.ts';

const LIST = '/kapis/resources.kubesphere.io/v1alpha3/namespaces';

/** A server with the Kubernetes API, and one that reads that API over https. */
let api: TestServer;
let server: TestServer;
let token: string;

before(async () => {
  api = await TestServer.start();

  const config = join(await mkdtemp(join(tmpdir(), 'ks-stale-')), 'kubesphere.yaml');

  // Tokens without a session: sessions are stored in the API that stops here.
  await writeFile(config, 'authentication: {oauthOptions: {accessTokenMaxAge: 0}}\n');
  server = await TestServer.start({ args: ['--kubeconfig', api.kubeconfig, '--config', config] });
  token = await server.token();
});

after(async () => {
  await server.stop('SIGKILL');
  await api.stop('SIGKILL');
});

test('lists, gets, live lists and /readyz report an informer that is not up to date', async () => {
  const fresh = await server.call(LIST, { token });
  assert.equal(fresh.status, 200);
  assert.equal(fresh.headers.get('warning'), null);
  assert.equal((await server.call('/readyz')).status, 200);

  const stream = await LiveStream.open(server, `${LIST}?watch=true`, token);
  await stream.initial();

  api.process.kill('SIGKILL');

  const stale = await eventually(async () => {
    const answer = await server.call(LIST, { token });
    assert.equal(answer.headers.get('warning'), '110 - "Response is Stale"');
    return answer;
  });

  assert.equal(stale.status, 200);
  assert.match(stale.headers.get('x-kubesphere-stale')!, /^namespaces;seconds=\d+$/);

  const etag = fresh.headers.get('etag')!;

  for (const path of [LIST, `${LIST}/default`]) {
    const same = await server.call(path, {
      token,
      headers: { 'if-none-match': path === LIST ? etag : '*' },
    });

    assert.equal(same.status, 304);
    assert.match(same.headers.get('x-kubesphere-stale')!, /^namespaces;seconds=/);
  }

  const { status, text } = await server.call('/readyz');
  assert.equal(status, 503);
  assert.match(text, /^namespaces: /m);

  await stream.until((events) =>
    events.some(
      ({ type, object }) =>
        type === 'BOOKMARK' && object.metadata.annotations?.['kubesphere.io/stale'],
    ),
  );

  const later = await LiveStream.open(server, `${LIST}?watch=true`, token);
  assert.match(later.headers.get('x-kubesphere-stale')!, /^namespaces;/);

  for (const one of [stream, later]) {
    one.close();
  }
});
