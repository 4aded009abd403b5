// Fetches Go modules that tests read files of.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Returns the folder of a Go module; undefined without Go.
 * @param {string} module with its version, such as `example.com/a@v1.0.0`
 */
export function goModule(module) {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }

  const dir = mkdtempSync(join(tmpdir(), 'go-module-'));

  try {
    const told = execFileSync('go', ['mod', 'download', '-json', module], {
      cwd: dir,
      env: { ...process.env, GOFLAGS: '-mod=mod' },
      encoding: 'utf8',
    });

    return String(JSON.parse(told).Dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
