import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CompiledFile } from './code-cache.ts';

const server = fileURLToPath(new URL('server.cjs', import.meta.url));

// Node finds source maps of ES modules only.
if (process.sourceMapsEnabled) {
  createRequire(import.meta.url)(server);
} else {
  new CompiledFile(server).run();
}
