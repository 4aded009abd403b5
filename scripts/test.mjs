// Runs the tests of the built tree: node scripts/test.mjs [path part …] keeps the files whose path contains one of the parts.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts = process.argv.slice(2);
const roots = [...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'dist')), 'test'];
const files = roots
  .filter((dir) => existsSync(join(root, dir)))
  .flatMap((dir) => readdirSync(join(root, dir), { recursive: true }).map((file) => join(dir, String(file))))
  .filter((file) => /\.test\.m?js$/.test(file) && !file.includes('node_modules') && !file.startsWith('test/real'))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}
const child = spawn(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-timeout=300000', '--test-concurrency=2', ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
child.on('exit', (code) => process.exit(code ?? 1));
