// Separates unit tests from tests of the API by their imports, followed through the files of this
// repository: a unit test reaches nothing that starts a server or another program.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));

/** Modules that start a server: helpers of tests, the servers themselves, other programs. */
const STARTS_A_SERVER = /^node:child_process$|\/test-server\.js$|\/(?:server|compose)\/server\.js$/;
/** Tests of the bundle need it built. */
const NEEDS_THE_BUNDLE = /\bbundle\//;
const IMPORT = /^(?:import|export)\b[^'"]*?\bfrom\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm;

/** Folders of the packages by name. */
const folders = new Map(
  readdirSync(packages)
    .filter((folder) => existsSync(join(packages, folder, 'package.json')))
    .map((folder) => [
      JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')).name,
      join(packages, folder),
    ]),
);

/** Returns the file of an import, or its name if it is outside this repository. */
function fileOf(name, importer) {
  if (name.startsWith('.')) {
    return resolve(dirname(importer), name);
  }

  const [scope, base, ...path] = name.split('/');
  const folder = folders.get(`${scope}/${base}`);
  return folder ? `${join(folder, 'dist', ...path)}.js` : name;
}

const importsByFile = new Map();

function importsOf(file) {
  let imports = importsByFile.get(file);

  if (!imports) {
    const text = readFileSync(file, 'utf8');
    imports = [...text.matchAll(IMPORT)].map(([, from, plain]) => fileOf(from ?? plain, file));
    importsByFile.set(file, imports);
  }

  return imports;
}

/** Reports whether a built test file is a unit test. */
export function isUnitTest(file) {
  if (!resolve(file).startsWith(packages) || NEEDS_THE_BUNDLE.test(readFileSync(file, 'utf8'))) {
    return false;
  }

  const reached = new Set([resolve(file)]);

  // Iterating over a set also visits elements that are added meanwhile.
  for (const one of reached) {
    if (STARTS_A_SERVER.test(one)) {
      return false;
    }

    if (one.startsWith(packages)) {
      for (const next of importsOf(one)) {
        reached.add(next);
      }
    }
  }

  return true;
}
