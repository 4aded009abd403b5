// node warm-up.mjs FILE DIR: starts the server of a bundle on a data directory and, once it is
// ready, keeps beside the file what V8 compiled of it. A part of the build.
import { randomBytes } from 'node:crypto';
import { CompiledFile } from '../packages/server/dist/cli/launch/code-cache.js';

const [file, dir] = process.argv.slice(2);
process.argv.splice(
  2,
  2,
  '--data-dir',
  dir,
  '--insecure-port',
  '0',
  '--secure-port',
  '0',
  '--log-level',
  'error',
);

process.env.KS_ADMIN_PASSWORD = randomBytes(18).toString('base64url');

const compiled = new CompiledFile(file);

// The greeting is the first that it prints, and it prints it when it is ready.
process.stdout.write = () => {
  setImmediate(() => {
    compiled.keep();
    process.exit(0);
  });

  return true;
};

compiled.run();
