// node scripts/debug-test.mjs FILE: runs one test file, given by its source, in this process, so that
// a debugger stops in it; `node --test` would run it in another one.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [source] = process.argv.slice(2);
if (!source) {
  console.error(
    'node scripts/debug-test.mjs FILE, such as packages/apimachinery/src/quantity/quantity.test.ts',
  );
  process.exit(1);
}

const built = resolve(source)
  .replace(/(\/packages\/[^/]+)\/src\/(.*)\.ts$/, '$1/dist/$2.js')
  .replace(/(\/packages\/[^/]+)\/test\/(.*)\.ts$/, '$1/dist/test/$2.js');

process.setSourceMapsEnabled(true);
await import(pathToFileURL(built).href);
