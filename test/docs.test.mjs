// The page for browsers at / and the reference at /docs, in a Chromium where there is one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Chromium, findChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

const PASSWORD = 'P@88w0rd';
const command = findChromium();
const skip = command === undefined && 'Chromium is not installed: apt-get install chromium';
const NODES = '/kapis/resources.kubesphere.io/v1alpha3/{resources}';
const BUTTON_OF_PASSWORD = '.auth-container:has(#oauth_username) button.authorize';

let dir;
let server;
let chromium;
before(async () => {
  if (skip) {
    return;
  }

  dir = mkdtempSync(join(tmpdir(), 'docs-'));
  server = await startServer({ dir, adminPassword: PASSWORD });
  chromium = await Chromium.start(command);
});
after(async () => {
  await chromium?.stop();
  await server?.stop();
  if (dir) {
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Requires that a tab has loaded everything from the server, and that nothing went wrong. */
function assertClean({ complaints, requests }) {
  assert.deepEqual(complaints, []);
  const strange = requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'));
  assert.deepEqual(strange, [], 'requests to others');
}

test('a browser sees a page at / that leads to the reference', { skip }, async () => {
  const { tab } = chromium;
  await tab.open(`${server.url}/`);
  await tab.click('a', 'Reference');
  await tab.waitFor("document.querySelectorAll('.opblock-tag').length > 0");
  assert.equal(await tab.evaluate('location.pathname'), '/docs');
  assertClean(tab);
});

test('the reference lists every operation of its document', { skip }, async () => {
  const { tab } = chromium;
  const document = await (await fetch(`${server.url}/docs/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap(Object.values);
  assert.ok(operations.length > 400);

  await tab.open(`${server.url}/docs`);
  await tab.waitFor(`document.querySelectorAll('.opblock-tag').length === ${document.tags.length}`);

  // One section at a time: the viewer draws long lists only as far as they are in sight.
  for (const { name } of document.tags) {
    const section = `.opblock-tag[data-tag=${JSON.stringify(name)}]`;
    const count = operations.filter(({ tags }) => tags.includes(name)).length;
    await tab.click(section);
    await tab.waitFor(`document.querySelectorAll('.opblock').length === ${count}`);
    await tab.click(section);
    await tab.waitFor("document.querySelectorAll('.opblock').length === 0");
  }

  assertClean(tab);
});

test('who logs in on the page can try a call', { skip }, async () => {
  const { tab } = chromium;
  await tab.open(`${server.url}/docs`);
  await tab.click('.auth-wrapper .authorize');
  await tab.type('#oauth_username', 'admin');
  await tab.type('#oauth_password', PASSWORD);
  await tab.click(BUTTON_OF_PASSWORD);
  await tab.waitFor("document.querySelector('.dialog-ux').textContent.includes('Logout')");
  await tab.click('.dialog-ux .btn-done');

  await tab.click('.opblock-tag[data-tag="Cluster Resources"]');
  await tab.click('.opblock-summary-control', NODES);
  await tab.click('.try-out__btn');
  await tab.type('tr[data-param-name="resources"] input', 'nodes');
  await tab.click('.btn.execute');
  const answer = await tab.waitFor("document.querySelector('.live-responses-table')?.textContent");
  assert.match(answer, /200/);
  assert.match(answer, /"kind": "Node"/);
  assertClean(tab);
});
