// Bundles the built server into one file, packages/server/dist/bundle/server.cjs, with V8's code
// cache beside it: reading and compiling a thousand modules takes longer than the rest of a start.
// Packages with native code, files or threads of their own stay outside. The thread of the metrics store
// has a bundle of its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompiledFile } from '../packages/server/dist/cli/launch/code-cache.js';
import { isCurrent, writeStamp } from './build-stamp.mjs';
import { EXTERNAL_PACKAGES } from './external-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = fileURLToPath(new URL('../packages/server/dist/', import.meta.url));
const searchWorker = fileURLToPath(
  new URL('../packages/search/dist/worker/main.js', import.meta.url),
);
const folder = `${dist}bundle/`;
const server = `${folder}server.cjs`;
const stamp = `${dist}bundle.stamp`;

/** Inputs of a bundle besides its files: versions, resolved imports, the build script. */
const recipe = [
  'package-lock.json',
  'node_modules/.package-lock.json',
  'scripts/bundle.mjs',
  'scripts/external-packages.mjs',
  ...readdirSync(`${root}packages`).map((name) => `packages/${name}/package.json`),
].map((file) => root + file);

/** @type {import('esbuild').BuildOptions & { write: false }} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  write: false,
  metafile: true,
};

/** Returns a file of a bundle and the inputs of its source map. */
function describeInput(input) {
  const file = resolve(input);
  const source = file.replace(/\/dist\/(.*)\.js$/, '/src/$1.ts');

  return existsSync(source) ? [file, `${file}.map`, source] : [file];
}

async function buildBundles() {
  const { build } = await import('esbuild');

  const [main, metrics, launcher, search] = await Promise.all([
    build({
      ...common,
      entryPoints: [`${dist}cli/main.js`],
      outfile: server,
      // Scripts can be compiled ahead of time; modules only from Node 22 on.
      format: 'cjs',
      // Code from V8's cache cannot import, so the few late imports become require calls.
      supported: { 'dynamic-import': false },
      sourcemap: true,
      legalComments: 'linked',
      external: EXTERNAL_PACKAGES,
      // Its CommonJS form, which Node would choose, loads more slowly and breaks when bundled.
      alias: {
        '@peculiar/x509': fileURLToPath(
          new URL('../node_modules/@peculiar/x509/build/x509.es.js', import.meta.url),
        ),
      },
      mainFields: ['module', 'main'],
      define: { 'import.meta.url': 'urlOfBundle' },
      banner: { js: "const urlOfBundle = require('node:url').pathToFileURL(__filename).href;" },
    }),
    build({
      ...common,
      entryPoints: [
        fileURLToPath(new URL('../packages/metrics/dist/worker/main.js', import.meta.url)),
      ],
      outfile: `${folder}metrics-worker.cjs`,
      format: 'cjs',
      sourcemap: true,
      legalComments: 'linked',
    }),
    build({
      ...common,
      entryPoints: [`${dist}cli/launch/main.js`],
      outfile: `${folder}main.js`,
      format: 'esm',
      banner: { js: '#!/usr/bin/env node' },
    }),
    // A thread has a file of its own.
    build({
      ...common,
      entryPoints: [searchWorker],
      outfile: `${folder}search-worker.cjs`,
      format: 'cjs',
      external: EXTERNAL_PACKAGES,
    }),
  ]);

  return {
    files: [main, metrics, launcher, search].flatMap(({ outputFiles }) => outputFiles),
    inputs: [main, metrics, launcher, search]
      .flatMap(({ metafile }) => Object.keys(metafile.inputs))
      .flatMap(describeInput),
  };
}

/** Bundles the compiled modules; writes nothing when the same bundle exists already. */
async function writeBundle() {
  const { files, inputs } = await buildBundles();
  const isSame = files.every(
    ({ path, contents }) => existsSync(path) && readFileSync(path).equals(contents),
  );

  if (!isSame) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);

    for (const { path, contents } of files) {
      writeFileSync(path, contents);
    }
  }

  writeStamp(stamp, recipe, [...inputs, ...files.map(({ path }) => path)]);
}

if (!isCurrent(stamp, recipe)) {
  await writeBundle();
}

const compiled = new CompiledFile(server);

// Another version of Node also makes the code cache stale.
if (!compiled.isCached) {
  compiled.keep();
}
