// npm run dev [-- OPTIONS]: compiles on every change and restarts the server, which gets the
// options. It runs from the compiled modules, not from the bundle: that saves bundling, and stacks
// and breakpoints lead to the TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const product = join(root, 'packages/server');
const main = join(product, 'dist/cli/main.js');
const options = process.argv.slice(2);
/** How long a server may take to stop, in milliseconds. */
const STOP_MS = 10_000;
/**
 * Editors write a file in several steps: changes within this time, in milliseconds, count as one.
 */
const SETTLE_MS = 100;

let server;
/** The build that is running, as `builtFiles` describes it. */
let running = '';
let restarts = Promise.resolve();

const say = (text) => console.log(`[dev] ${text}`);

/** Returns names, sizes and times of all compiled files that the server may read, without tests. */
function builtFiles() {
  const lines = [];

  for (const name of readdirSync(join(root, 'packages'))) {
    const dist = join(root, 'packages', name, 'dist');
    const files = existsSync(dist) ? readdirSync(dist, { recursive: true }).map(String) : [];

    for (const file of files) {
      if (/(?<!\.test)\.js$|^manifests\.json$/.test(file) && !/^(bundle|test)/.test(file)) {
        const { size, mtimeMs } = statSync(join(dist, file));
        lines.push(`${name}/${file} ${size} ${mtimeMs}`);
      }
    }
  }

  return lines.join('\n');
}

function startServer() {
  // A separate process group makes Ctrl-C reach the server once, from here: a second signal would
  // end it at once.
  const child = spawn(process.execPath, ['--enable-source-maps', main, ...options], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  server = child;
  child.once('exit', (code, signal) => {
    if (server === child) {
      server = undefined;
      say(`the server ended (${signal ?? `code ${code}`}); it starts again after the next change`);
    }
  });
}

async function stopServer() {
  const child = server;
  server = undefined;

  if (!child) {
    return;
  }

  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}

/** Restarts the server if the build has changed. */
async function restart() {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/manifests.mjs')], {
    stdio: 'inherit',
  });
  const built = builtFiles();

  if (status !== 0 || built === running) {
    return;
  }

  if (running !== '') {
    say('restarting the server');
  }

  running = built;
  await stopServer();
  startServer();
  // Documents of /docs take a second to generate and are not needed here.
  spawn(process.execPath, [join(root, 'scripts/reference.mjs')], { stdio: 'inherit' });
}

const restartInTurn = () => {
  restarts = restarts.then(restart);
};

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const compiler = spawn(process.execPath, [tsc, '-b', '--watch', '--preserveWatchOutput'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface({ input: compiler.stdout }).on('line', (line) => {
  if (line.includes('Found 0 errors')) {
    restartInTurn();
  } else if (line.trim() !== '') {
    say(line);
  }
});

let settling;
watch(join(product, 'manifests'), { recursive: true }, () => {
  clearTimeout(settling);
  settling = setTimeout(restartInTurn, SETTLE_MS);
});

async function stop(code) {
  compiler.kill('SIGTERM');
  await restarts;
  await stopServer();
  process.exit(code);
}

process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
compiler.once('exit', (code) => stop(code ?? 1));
