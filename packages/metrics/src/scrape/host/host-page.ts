import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PageText } from '../../exposition/page-text.ts';
import {
  type Mount,
  parseMounts,
  renderCpu,
  renderDisks,
  renderFileSystem,
  renderLoad,
  renderMemory,
  renderNetwork,
} from './proc-series.ts';

/** Most file systems that are looked at. */
const MAX_MOUNTS = 64;

/** What is read of `/proc`, and how it is written. */
const SOURCES = [
  ['stat', renderCpu],
  ['meminfo', renderMemory],
  ['loadavg', renderLoad],
  ['net/dev', renderNetwork],
  ['diskstats', renderDisks],
] as const;

/** Reads a file; '' where it cannot be read, as on other systems than Linux. */
function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function renderMount(page: PageText, mount: Mount): Promise<void> {
  try {
    renderFileSystem(page, mount, await statfs(mount.mountpoint));
  } catch {
    // It is not mounted any more, or this process may not see it.
  }
}

/** Returns what a node exporter would tell about this machine. */
export async function hostPage(proc = '/proc'): Promise<string> {
  const page = new PageText();

  for (const [name, render] of SOURCES) {
    const text = await readOrEmpty(join(proc, name));

    if (text !== '') {
      render(page, text);
    }
  }

  for (const mount of parseMounts(await readOrEmpty(join(proc, 'mounts'))).slice(0, MAX_MOUNTS)) {
    await renderMount(page, mount);
  }

  return page.toString();
}
