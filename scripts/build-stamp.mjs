// Finds out whether built files are current, by the content of the inputs and outputs. Modification
// times do not count: a checkout or a copy changes them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Returns a hash of files, missing ones included, and of the runtime that builds. */
function hashOf(files) {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${process.arch}`,
  );

  for (const file of files) {
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    hash.update(`\0${file}\0${existsSync(file)}\0${bytes.byteLength}\0`).update(bytes);
  }

  return hash.digest('hex');
}

/**
 * Reports whether the files of a stamp, and those in `always`, are unchanged since it was written.
 */
export function isCurrent(stamp, always) {
  let kept;

  try {
    kept = JSON.parse(readFileSync(stamp, 'utf8'));
  } catch {
    return false;
  }

  return kept.hash === hashOf([...always, ...kept.files]);
}

/** Writes a stamp. Call it last, when all of these files exist. */
export function writeStamp(stamp, always, files) {
  const unique = [...new Set(files)].sort();
  writeFileSync(stamp, JSON.stringify({ hash: hashOf([...always, ...unique]), files: unique }));
}
