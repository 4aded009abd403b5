// Builds the tests' Go modules once into .cache/real.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cacheDir = fileURLToPath(new URL('../../.cache/real/', import.meta.url));

/**
 * Returns the path of a program and builds it if necessary; undefined without Go.
 * @param {string} name the folder of its module, from here
 * @param {readonly string[]} flags for the linker, besides those for a small binary
 */
export function goProgram(name, flags = []) {
  const moduleDir = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const stamp = createHash('sha256').update(flags.join());

  for (const file of readdirSync(moduleDir).sort()) {
    if (/\.(go|mod|sum)$/.test(file)) {
      stamp.update(readFileSync(moduleDir + file));
    }
  }

  const path = `${cacheDir}${name.replace('../', '').replaceAll('/', '-')}-${stamp.digest('hex').slice(0, 12)}`;
  if (existsSync(path)) {
    return path;
  }

  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }

  mkdirSync(cacheDir, { recursive: true });

  execFileSync(
    'go',
    ['build', '-mod=readonly', '-ldflags', ['-s -w', ...flags].join(' '), '-o', `${path}.tmp`, '.'],
    {
      cwd: moduleDir,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );

  renameSync(`${path}.tmp`, path);

  return path;
}
