// node scripts/versions.mjs           compares every version number with the root package.json's
// node scripts/versions.mjs 0.2.0     writes a new version everywhere but into CHANGELOG.md
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(join(root, file), 'utf8');
const SEMANTIC_VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;

/** Paths of the package.json of every package of the workspace. */
export const PACKAGE_FILES = readdirSync(join(root, 'packages'))
  .map((name) => `packages/${name}/package.json`)
  .filter((file) => existsSync(join(root, file)));

/** Files, and the text before a version in them; each pattern must match at least once. */
const PLACES = /** @type {[string, RegExp][]} */ ([
  ['package.json', /^ {2}"version": "/m],
  ...PACKAGE_FILES.map((file) => [file, /^ {2}"version": "|"@ks-apiserver\/[\w-]+": "/m]),
  // Only the root's own entries and those of its packages; other packages are below node_modules/.
  [
    'package-lock.json',
    /^ {2}"version": "|"": \{\n {6}"name": "[\w-]+",\n {6}"version": "|"packages\/[\w-]+": \{\n {6}"name": "[^"]+",\n {6}"version": "|"@ks-apiserver\/[\w-]+": "/m,
  ],
  ['packages/server/src/config/build.ts', /^export const VERSION = '/m],
  ['deploy/chart/Chart.yaml', /^version: |^appVersion: v/m],
  ['deploy/chart/README.md', /ks-apiserver:v|image\.tag=v/m],
  ['deploy/Dockerfile', /kubesphere\/ks-apiserver:v|image\.version="/m],
]);

/** Returns the version in the root package.json. */
export function rootVersion() {
  return JSON.parse(read('package.json')).version;
}

const withVersion = (prefix) => new RegExp(`(${prefix.source})(\\d+\\.\\d+\\.\\d+[\\w.-]*)`, 'gm');

/**
 * Returns a line for each version that differs from the root's. `readText` reads a file of the
 * root.
 */
export function findDisagreements(readText = read) {
  const version = JSON.parse(readText('package.json')).version;
  const lines = [];

  for (const [file, prefix] of PLACES) {
    const found = [...readText(file).matchAll(withVersion(prefix))].map((match) => match.at(-1));

    if (found.length === 0) {
      lines.push(`${file}: no version was found`);
    }

    for (const other of new Set(found)) {
      if (other !== version) {
        lines.push(`${file}: ${other} instead of ${version}`);
      }
    }
  }

  if (!readText('CHANGELOG.md').includes(`\n## [${version}]`)) {
    lines.push(`CHANGELOG.md: no heading "## [${version}]"`);
  }

  return lines;
}

function writeVersion(version) {
  if (!SEMANTIC_VERSION.test(version)) {
    throw new Error(`${version} is not a version such as 0.2.0`);
  }

  for (const [file, prefix] of PLACES) {
    const text = read(file).replace(withVersion(prefix), (_, before) => before + version);
    writeFileSync(join(root, file), text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2]) {
    writeVersion(process.argv[2]);
  }

  const lines = findDisagreements();

  for (const line of lines) {
    console.error(line);
  }

  process.exitCode = lines.length > 0 ? 1 : 0;
}
