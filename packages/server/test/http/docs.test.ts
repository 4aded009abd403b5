import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TestServer } from '../support/test-server.ts';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const FILES = ['openapi.json', 'swagger-ui.css', 'swagger-ui-bundle.js', 'docs.css', 'docs.js'];

let server: TestServer;
let admin: string;
before(async () => {
  server = await TestServer.start();
  admin = await server.token();
});
after(() => server.stop());

/** Makes a call and returns the encoded bytes, which `fetch` would decode. */
function raw(path: string, headers: Record<string, string>) {
  return new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const sent = request(server.url + path, { headers }, async (response) => {
      const pieces: Buffer[] = [];

      for await (const piece of response) {
        pieces.push(piece);
      }

      resolve({ headers: response.headers, body: Buffer.concat(pieces) });
    });
    sent.on('error', reject).end();
  });
}

test('a browser gets the same page at / for every user', async () => {
  const page = await server.call('/', { headers: { accept: HTML } });
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(page.text, /href="docs"/);
  assert.doesNotMatch(page.text, /<script|https?:/);

  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('vary'), 'Accept');

  const other = await server.call('/?x=<b>', { headers: { accept: HTML, cookie: 'a=b' } });
  assert.equal(other.text, page.text);
});

test('a client with a credential, or that is no browser, gets the plain answer', async () => {
  for (const accept of ['*/*', 'application/json', 'application/yaml, */*']) {
    const { status, json } = await server.call('/', { headers: { accept } });
    assert.equal(status, 403);
    assert.equal(json.message, 'forbidden: User "system:anonymous" cannot GET path "/"');
  }

  for (const accept of [HTML, '*/*']) {
    const answer = await server.call('/', { token: admin, headers: { accept } });
    assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
  }

  const wrong = await server.call('/', { token: 'wrong', headers: { accept: HTML } });
  assert.equal(wrong.status, 401);
  const written = await server.call('/', { method: 'POST', headers: { accept: HTML }, body: {} });
  assert.equal(written.status, 403);
});

test('the page of the reference may load and call this server only', async () => {
  const { status, headers, text } = await server.call('/docs', { headers: { accept: HTML } });
  assert.equal(status, 200);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('x-frame-options'), 'DENY');
  // The page itself contains no code and no address.
  assert.doesNotMatch(text, /<script>|<style|style=|\son\w+=|https?:/);
});

test('files of the reference come compressed, plain or not at all', async () => {
  for (const name of FILES) {
    const path = `/docs/${name}`;
    const zipped = await raw(path, { 'accept-encoding': 'gzip, br' });
    assert.equal(zipped.headers['content-encoding'], 'gzip', name);
    const plain = await raw(path, {});
    assert.equal(plain.headers['content-encoding'], undefined, name);
    assert.deepEqual(gunzipSync(zipped.body), plain.body, name);
    assert.equal(plain.headers['content-length'], String(plain.body.byteLength));

    const etag = String(zipped.headers.etag);
    assert.equal(plain.headers.etag, etag);
    const again = await server.call(path, { headers: { 'if-none-match': etag } });
    assert.deepEqual([again.status, again.text], [304, ''], name);
  }
});

test('nothing else is below /docs', async () => {
  for (const path of ['/docs/x', '/docs/openapi.json/x', '/docs/docs.js.gz', '/docs/%2e%2e/x']) {
    const { status } = await server.call(path);
    assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
  }

  assert.equal((await server.call('/docs', { method: 'POST', body: {} })).status, 405);
  assert.equal((await server.call('/docsx')).status, 403);
});

test('lists of custom resources are where the reference says', async () => {
  const { json } = await server.call('/docs/openapi.json');
  const lists = Object.keys(json.paths).filter((path) => /^\/apis\/[^{]*$/.test(path));
  assert.ok(lists.length > 30);

  for (const path of lists) {
    const { status, json: list } = await server.call(path, { token: admin });
    assert.equal(status, 200, path);
    assert.match(list.kind, /List$/, path);
  }
});
