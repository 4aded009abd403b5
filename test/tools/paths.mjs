// Where scripts/tools.mjs puts the tools: `toolPath('kubectl')` returns the path, or undefined
// before it has run.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder that holds the unpacked tools. */
export const toolsDir = fileURLToPath(new URL('../../.cache/tools/', import.meta.url));

/** @param {'kubectl' | 'kubectl-1.32' | 'helm'} name */
export function toolPath(name) {
  const path = `${toolsDir}${name}`;
  return existsSync(path) ? path : undefined;
}
