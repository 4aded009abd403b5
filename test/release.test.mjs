// Tests the package that `npm run release` makes, installed and started in an empty folder.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXTERNAL_PACKAGES } from '../scripts/external-packages.mjs';
import { findDisagreements, rootVersion } from '../scripts/versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const START_MS = 60_000;

let dir;
let command;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ks-apiserver-package-'));
  await run(process.execPath, [join(root, 'scripts/release.mjs'), dir]);
  const archive = join(dir, `ks-apiserver-${rootVersion()}.tgz`);
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--no-save', '--prefix', dir];
  await run('npm', ['install', ...options, archive], { cwd: dir });
  command = join(dir, 'node_modules/.bin/ks-apiserver');
});
after(() => rmSync(dir, { recursive: true, force: true }));

test('every version number agrees with that of the repository', () => {
  assert.deepEqual(findDisagreements(), []);
});

test('a version that differs is found in every file', () => {
  const places = [
    ['packages/client/package.json', 'packages/client/package.json'],
    ['package-lock.json', 'package-lock.json'],
    ['deploy/chart/Chart.yaml', 'deploy/chart/Chart.yaml'],
    ['deploy/Dockerfile', 'deploy/Dockerfile'],
    ['CHANGELOG.md', 'CHANGELOG.md'],
  ];

  for (const [place, named] of places) {
    const lines = findDisagreements((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return file === place ? text.replace(rootVersion(), '99.0.0') : text;
    });
    assert.equal(lines.length, 1, place);
    assert.match(lines[0], new RegExp(named));
  }
});

test('the package is complete, and depends only on the packages outside the bundle', () => {
  const folder = join(dir, 'node_modules/ks-apiserver');
  const names = readdirSync(folder);

  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'THIRD-PARTY-LICENSES.txt']) {
    assert.ok(names.includes(name), name);
  }

  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(dependencies).sort(), EXTERNAL_PACKAGES.toSorted());
});

test('the installed command starts the server, saves its data and stops', async (t) => {
  const options = ['--insecure-port', '0', '--secure-port', '0', '--register-node', 'false'];
  const server = spawn(command, options, { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill('SIGKILL'));

  const url = await new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`not ready:\n${output}`)), START_MS);
    server.once('exit', () => reject(new Error(`the server ended:\n${output}`)));
    server.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      const found = /KubeSphere:\s+(\S+)/.exec(output);
      if (found) {
        clearTimeout(timer);
        resolve(found[1]);
      }
    });
  });

  const response = await fetch(`${url}/kapis/version`);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).gitVersion, `v3.0.0-ts.${rootVersion()}`);

  for (const name of ['openapi.json', 'swagger-ui-bundle.js', 'docs.js']) {
    const { status, headers } = await fetch(`${url}/docs/${name}`);
    assert.deepEqual([status, headers.get('content-encoding')], [200, 'gzip'], name);
  }

  const { stdout } = await run(command, ['backup', 'saved.tgz'], { cwd: dir });
  assert.match(stdout, /holds \d+ objects/);

  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});

test('the installed command knows its version and its subcommands', async () => {
  const { stdout } = await run(command, ['--version'], { cwd: dir });
  assert.match(stdout, new RegExp(rootVersion().replaceAll('.', '\\.')));

  for (const name of ['install', 'import', 'backup', 'restore']) {
    assert.match(
      (await run(command, [name, '--help'], { cwd: dir })).stdout,
      /^usage: ks-apiserver /i,
      name,
    );
  }
});
