import { rename, writeFile } from 'node:fs/promises';

/**
 * Replaces a file, or creates it with a mode: whoever reads it finds the old text or the new one,
 * also after the process was killed. There must be one writer.
 */
export async function replaceFile(path: string, text: string, mode = 0o666): Promise<void> {
  const temporary = `${path}.tmp`;

  await writeFile(temporary, text, { mode });
  await rename(temporary, path);
}
