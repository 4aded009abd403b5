// Writes dist/reference of the server: the OpenAPI document of every call, generated from the route
// tables and the CRDs, and the files of the viewer, all compressed. A part of the build.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isCurrent, writeStamp } from './build-stamp.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'packages/server/dist');
const target = join(dist, 'reference');
const stamp = join(dist, 'reference.stamp');

/** The source of each file of the viewer; the document is generated here. */
const SOURCES = {
  'swagger-ui.css': 'node_modules/swagger-ui-dist/swagger-ui.css',
  'swagger-ui-bundle.js': 'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
  'docs.css': 'packages/server/reference/docs.css',
  'docs.js': 'packages/server/reference/docs.js',
};

/** Returns the compiled files that the route tables may depend on. */
function compiledFiles() {
  return ['apimachinery', 'api', 'client', 'http', 'server'].flatMap((name) => {
    const folder = join(root, 'packages', name, 'dist');

    return readdirSync(folder, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.js') && !/^(bundle|test)|\.test\.js$/.test(file))
      .sort()
      .map((file) => join(folder, file));
  });
}

const inputs = [
  join(root, 'scripts/reference.mjs'),
  join(dist, 'manifests.json'),
  ...Object.values(SOURCES).map((file) => join(root, file)),
  ...compiledFiles(),
];

async function writeReference() {
  const importBuilt = (file) => import(pathToFileURL(join(dist, file)).href);
  const { describeApi } = await importBuilt('swagger/reference.js');
  const { routeTables } = await importBuilt('kapis/routes.js');
  const contents = {
    'openapi.json': JSON.stringify(describeApi(routeTables())),
    ...Object.fromEntries(
      Object.entries(SOURCES).map(([name, file]) => [name, readFileSync(join(root, file))]),
    ),
  };

  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);

  const written = Object.entries(contents).map(([name, content]) => {
    const file = join(target, `${name}.gz`);
    writeFileSync(file, gzipSync(content, { level: 9 }));
    return file;
  });

  writeStamp(stamp, inputs, written);
}

if (!existsSync(target) || !isCurrent(stamp, inputs)) {
  await writeReference();
}
