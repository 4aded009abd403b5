import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../config/config.ts';

/** Whether something is at a path. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The file that is in a data directory while a restore exchanges its content. */
export function restoreMark(dataDir: string): string {
  return join(dataDir, '.restoring');
}

/**
 * Throws a ConfigError where a restore into a data directory was interrupted: what it holds is half
 * old and half new.
 */
export async function refuseHalfRestored(dataDir: string): Promise<void> {
  if (await exists(restoreMark(dataDir))) {
    throw new ConfigError(
      `a restore into ${dataDir} was interrupted: run "ks-apiserver restore FILE --force" again`,
    );
  }
}
