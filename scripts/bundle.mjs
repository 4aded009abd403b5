// Puts the built server into a few files, packages/ks-apiserver/dist/bundle: reading a thousand modules one by one takes longer
// than all the rest of a start. What loads native code, files or threads of its own stays outside.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../packages/ks-apiserver/dist/', import.meta.url));

await build({
  entryPoints: [`${dist}server/main.js`],
  outdir: `${dist}bundle`,
  bundle: true,
  // Modules that are imported only when they are needed stay apart.
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  legalComments: 'linked',
  external: ['lmdb', '@node-rs/bcrypt', 'pino', 'popular-passwords'],
  // Its CommonJS form, which Node would take, is slower to load and does not survive being bundled.
  alias: {
    '@peculiar/x509': fileURLToPath(new URL('../node_modules/@peculiar/x509/build/x509.es.js', import.meta.url)),
  },
  mainFields: ['module', 'main'],
  // For what was CommonJS.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  logLevel: 'warning',
});
