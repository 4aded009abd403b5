import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { discard, Upstream } from '../upstream.ts';
import { JenkinsUser, jenkinsAuthorization } from './jenkins-user.ts';

let seen: { url: string; headers: IncomingHttpHeaders; body: string };
let upstream: Upstream;

const server = createServer(async (req, res) => {
  let body = '';
  for await (const piece of req) {
    body += piece;
  }

  seen = { url: req.url ?? '', headers: req.headers, body };
  res.end();
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  upstream = new Upstream({ url, timeoutMs: 1000, maxConnections: 2 });
});

after(async () => {
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

const HEADERS = {
  authorization: 'Bearer a.b.c',
  'accept-encoding': 'gzip',
  connection: 'keep-alive, x-hop',
  'content-length': '99',
  'content-type': 'application/json',
  cookie: 'a=b',
  host: 'ks-apiserver',
  'jenkins-crumb': 'c0ffee',
  'x-forwarded-for': '1.2.3.4',
  'x-hop': '1',
};

test('a token becomes the password of its user', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  assert.equal(jenkinsAuthorization('jane', 'Bearer a.b.c'), basic('jane:a.b.c'));
  assert.equal(jenkinsAuthorization('jane', 'bearer  a.b.c'), basic('jane:a.b.c'));
  assert.equal(jenkinsAuthorization('jane', basic('jane:pw')), basic('jane:pw'));
  assert.equal(jenkinsAuthorization('system:serviceaccount:a:b', 'Bearer a.b.c'), 'Bearer a.b.c');
});

test('headers of the caller go on, but not those of their connection', async () => {
  const jenkins = new JenkinsUser(upstream);
  const caller = { name: 'jane', headers: HEADERS };

  await discard(
    await jenkins.call(caller, { method: 'POST', path: '/x?a=%2F', body: Buffer.from('{}') }),
  );

  assert.deepEqual([seen.url, seen.body], ['/base/x?a=%2F', '{}']);
  assert.equal(seen.headers.authorization, `Basic ${btoa('jane:a.b.c')}`);
  assert.equal(seen.headers['jenkins-crumb'], 'c0ffee');
  assert.equal(seen.headers['content-type'], 'application/json');
  assert.equal(seen.headers['content-length'], '2');
  assert.equal(seen.headers['accept-encoding'], 'identity');
  assert.match(seen.headers.host ?? '', /^127\.0\.0\.1/);

  for (const name of ['cookie', 'x-forwarded-for', 'x-hop']) {
    assert.equal(seen.headers[name], undefined, name);
  }
});

test('some calls keep the header, and some the coding', async () => {
  const jenkins = new JenkinsUser(upstream);
  const caller = { name: 'jane', headers: HEADERS };

  await discard(await jenkins.call(caller, { method: 'GET', path: '/', keepsAuthorization: true }));
  assert.equal(seen.headers.authorization, 'Bearer a.b.c');

  const headers = { 'x-forwarded-for': '5.6.7.8' };
  await discard(await jenkins.pass(caller, { method: 'GET', path: '/', headers }));
  assert.equal(seen.headers['accept-encoding'], 'gzip');
  assert.equal(seen.headers['x-forwarded-for'], '5.6.7.8');
});
