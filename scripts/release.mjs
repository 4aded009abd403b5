// node scripts/release.mjs [FOLDER]   makes ks-apiserver-VERSION.tgz of what was built, in dist/release
// or in the folder: one package that npm installs and npx runs, with the bundle, what it reads at run
// time, and as dependencies only what stays outside the bundle.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXTERNAL_PACKAGES } from './external-packages.mjs';
import { findDisagreements, PACKAGE_FILES, rootVersion } from './versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'packages/server/dist');
const target = resolve(process.argv[2] ?? join(root, 'dist/release'));
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Files that the server reads at run time, by their place below dist/. */
const SERVER_FILES = [
  'bundle/main.js',
  'bundle/server.cjs',
  'bundle/metrics-worker.cjs',
  'bundle/search-worker.cjs',
  'manifests.json',
  'reference',
];
const LICENSE_FILE = /^(licen[cs]e|notice|copying)|bundle\.js\.licen[cs]e/i;
const DOCUMENTS = ['LICENSE', 'README.md', 'CHANGELOG.md'];

/**
 * Returns the versions of the packages outside the bundle, as the workspace's packages pin them.
 */
function externalDependencies() {
  const fixed = Object.assign(
    {},
    ...PACKAGE_FILES.map((file) => readJson(join(root, file)).dependencies),
  );

  return Object.fromEntries(
    EXTERNAL_PACKAGES.toSorted().map((name) => {
      if (!fixed[name]) {
        throw new Error(`no package.json has a version of ${name}, which is outside the bundle`);
      }

      return [name, fixed[name]];
    }),
  );
}

/** Returns names, licences and licence texts of the packages in the bundle. */
function thirdPartyLicenses() {
  const { files } = readJson(join(dist, 'bundle.stamp'));
  const folders = files.map((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);

  folders.push(join(root, 'node_modules/swagger-ui-dist'));

  const sections = folders
    .filter((folder) => folder?.startsWith(root))
    .map((folder) => {
      const { name, version, license } = readJson(join(folder, 'package.json'));
      const texts = readdirSync(folder)
        .filter((file) => LICENSE_FILE.test(file))
        .map((file) => readFileSync(join(folder, file), 'utf8').trim());

      return [`${name} ${version} (${license})`, ...texts].join('\n\n');
    });

  return [...new Set(sections)].join(`\n\n${'-'.repeat(80)}\n\n`);
}

function manifest() {
  const { engines, license } = readJson(join(root, 'package.json'));

  return {
    name: 'ks-apiserver',
    version: rootVersion(),
    description: 'API server of KubeSphere 3.0, with an embedded Kubernetes API',
    license,
    author: 'The ks-apiserver authors',
    type: 'module',
    bin: { 'ks-apiserver': 'dist/bundle/main.js' },
    engines,
    dependencies: externalDependencies(),
  };
}

/** Writes the content of the package into a folder. */
function stage(folder) {
  for (const file of SERVER_FILES) {
    mkdirSync(dirname(join(folder, 'dist', file)), { recursive: true });
    cpSync(join(dist, file), join(folder, 'dist', file), { recursive: true });
  }

  chmodSync(join(folder, 'dist/bundle/main.js'), 0o755);

  for (const file of DOCUMENTS) {
    copyFileSync(join(root, file), join(folder, file));
  }

  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), `${thirdPartyLicenses()}\n`);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
}

const disagreements = findDisagreements();

if (disagreements.length > 0) {
  console.error(`versions differ (node scripts/versions.mjs VERSION writes them):`);
  console.error(disagreements.join('\n'));
  process.exit(1);
}

const missing = SERVER_FILES.filter((file) => !existsSync(join(dist, file)));

if (missing.length > 0) {
  console.error(`${missing.join(', ')} is missing: npm run build`);
  process.exit(1);
}

// A folder outside the repository keeps npm from taking it for a part of the workspace.
const folder = mkdtempSync(join(tmpdir(), 'ks-apiserver-release-'));

try {
  stage(folder);
  mkdirSync(target, { recursive: true });
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', target], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  console.log(`${join(target, filename)} (${(size / 1e6).toFixed(1)} MB)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
