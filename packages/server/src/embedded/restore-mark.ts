import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../config/config.ts';

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Name of the file that is in a data directory while a restore replaces its content. */
export function restoreMark(dataDir: string): string {
  return join(dataDir, '.restoring');
}

/**
 * Throws a ConfigError when a restore into a data directory was interrupted: its content is half
 * old and half new.
 */
export async function refuseHalfRestored(dataDir: string): Promise<void> {
  if (await exists(restoreMark(dataDir))) {
    throw new ConfigError(
      `a restore into ${dataDir} was interrupted: run "ks-apiserver restore FILE --force" again`,
    );
  }
}
