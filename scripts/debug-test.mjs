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

process.setSourceMapsEnabled(true);
await import(pathToFileURL(resolve(source).replace(/\/src\/(.*)\.ts$/, '/dist/$1.js')).href);
