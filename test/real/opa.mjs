// Builds OPA once from test/real/opa into .cache/real, and starts it as a server.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../server.mjs';

const moduleDir = fileURLToPath(new URL('opa/', import.meta.url));
const cacheDir = fileURLToPath(new URL('../../.cache/real/', import.meta.url));

/** Path of OPA, built if it has to be; undefined where there is no Go. */
export function opaPath() {
  const stamp = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) stamp.update(readFileSync(moduleDir + file));
  const path = `${cacheDir}opa-${stamp.digest('hex').slice(0, 12)}`;
  if (existsSync(path)) return path;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  mkdirSync(cacheDir, { recursive: true });
  execFileSync('go', ['build', '-mod=readonly', '-ldflags', '-s -w', '-o', `${path}.tmp`, '.'], {
    cwd: moduleDir,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(`${path}.tmp`, path);
  return path;
}

/** Starts OPA for modules of 3.0, which are written in the first version of Rego. */
export async function startOpa(path, port) {
  port ??= (await freePorts(1))[0];
  const args = [
    'run',
    '--server',
    '--v0-compatible',
    '--disable-telemetry',
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
  ];
  const child = spawn(path, args, { stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 20_000; ; ) {
    if (
      await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    if (Date.now() > end || child.exitCode !== null) throw new Error('OPA did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    port,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
