import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolPath } from '../tools/paths.mjs';

/** Runs a command to its end; returns its standard output, rejects with its standard error. */
export function run(path, args, options = {}) {
  const { input, env } = /** @type {any} */ (options);

  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env: { ...process.env, ...env } });
    let out = '';
    let error = '';

    child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (error += chunk));
    child.on('error', reject);

    child.on('exit', (code) => {
      if (code === 0) {
        resolve(out);
      } else {
        reject(new Error(`${path} ${args.join(' ')} exited with ${code}: ${error}${out}`));
      }
    });

    child.stdin.end(input);
  });
}

/** Runs kubectl of scripts/tools.mjs against a cluster, with a discovery cache of its own. */
export async function kubectl(
  cluster,
  args,
  input = undefined,
  /** @type {any} */ name = 'kubectl',
) {
  const path = toolPath(name);
  if (!path) {
    throw new Error('run node scripts/tools.mjs first');
  }

  const home = mkdtempSync(join(tmpdir(), 'kubectl-'));

  try {
    return await run(path, ['--kubeconfig', cluster.kubeconfig, ...args], {
      input,
      env: { HOME: home },
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
