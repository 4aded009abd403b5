// node scripts/replay.mjs FOLDER replays calls that were recorded from KubeSphere 3.0 against our
// server, built before. FOLDER holds replay.mjs and recordings/. The server starts on an empty data
// directory. Groups, their order and how many cases of each must pass are in
// test/replay-floor.json; cases that differ on purpose are in docs/differences.json.
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '../test/server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? '.');
const only = process.argv.slice(3);
const floors = JSON.parse(readFileSync(join(root, 'test/replay-floor.json'), 'utf8'));
const differences = join(root, 'docs/differences.json');
const logs = join(root, '.cache/replay');
const admin = ['admin', 'P@88w0rd'];

mkdirSync(logs, { recursive: true });

/** Runs the replay tool; returns its output, which it also writes to a log. */
function replay(log, args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(folder, 'replay.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(join(logs, `${log}.log`));
    let text = '';

    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        file.write(chunk);
      });
    }

    child.on('close', () => file.end(() => done(text.trim().split('\n'))));
  });
}

const dir = mkdtempSync(join(tmpdir(), 'replay-'));

// The recordings contain no node of this machine.
const args = ['--register-node', 'false'];

const server = await startServer({
  dir,
  adminPassword: admin[1],
  args,
  log: join(logs, 'server.log'),
});

let failed = 0;
let passed = 0;

try {
  const target = ['--base', server.url, '--admin', admin.join(':')];
  console.log((await replay('load', ['load', ...target])).at(-1));

  for (const [group, floor] of Object.entries(floors)) {
    if (only.length > 0 && !only.includes(group)) {
      continue;
    }

    const file = join(folder, 'recordings', `${group}.json`);
    const options = existsSync(differences) ? ['--differences', differences] : [];
    const lines = await replay(group, ['check', ...target, ...options, file]);
    const counts = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? '');
    const count = Number(counts?.[1] ?? 0);
    const differ = lines.find((line) => /^\d+ differ by decision$/.test(line));

    console.log(
      `${group}: ${counts?.[0] ?? lines.at(-1)}${differ ? `, ${differ}` : ''} (at least ${floor})`,
    );

    if (count < floor) {
      failed++;
      for (const line of lines.slice(0, 40)) {
        console.log(`  ${line}`);
      }
    } else {
      passed++;
    }
  }
} finally {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
