import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { ConfigError } from '../../config/config.ts';

const USAGE = {
  backup: `usage: ks-apiserver backup FILE [--data-dir DIR] [--force]

Writes all data of the embedded Kubernetes API to FILE (tar, gzip, mode 0600): all objects as of one moment,
certificates, keys and secrets. The server may be running. --force overwrites FILE.`,
  restore: `usage: ks-apiserver restore FILE [--data-dir DIR] [--force]

Checks a backup and restores it to the data directory, which must be empty and not in use; --force replaces its content.
Watching clients must list again: resource versions continue far above those of the backup.`,
};

/** What the commands get from the process. */
export interface BackupCommandOptions {
  out: (line: string) => void;
  error: (line: string) => void;
}

function parse(command: 'backup' | 'restore', args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string', default: 'data' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });

  const [file] = positionals;
  if (!values.help && (file === undefined || positionals.length > 1)) {
    throw new ConfigError(`${command} needs the name of one file (see --help)`);
  }

  return {
    file: file ?? '',
    dataDir: resolve(values['data-dir']),
    force: values.force,
    help: values.help,
  };
}

/**
 * Runs `ks-apiserver backup` or `restore`; `args` are the arguments after that word. Returns the
 * exit code.
 */
export async function backupCommand(
  command: 'backup' | 'restore',
  args: readonly string[],
  { out, error }: BackupCommandOptions,
): Promise<number> {
  try {
    const { file, dataDir, force, help } = parse(command, args);
    if (help) {
      out(USAGE[command]);
    } else if (command === 'backup') {
      const { backUp } = await import('./backup.ts');
      const { objects, revision } = await backUp(dataDir, file, { overwrite: force });
      out(`${file} holds ${objects} objects as of resource version ${revision}`);
    } else {
      const { restore } = await import('./restore.ts');
      const { objects, created, next } = await restore(dataDir, file, { force });

      out(
        `restored ${objects} objects of ${created} into ${dataDir}; resource versions continue at ${next}`,
      );
    }

    return 0;
  } catch (failure) {
    error(messageOf(failure));
    return 1;
  }
}
