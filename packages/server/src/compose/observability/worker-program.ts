import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Returns the path of a worker thread's program: the file of that name beside the bundle, or the
 * module among those that are compiled.
 */
export function workerProgram(bundledFile: string, module: string): string {
  const bundled = fileURLToPath(new URL(bundledFile, import.meta.url));

  return existsSync(bundled) ? bundled : createRequire(import.meta.url).resolve(module);
}
