import type { PageText } from '../../exposition/page-text.ts';

/** Ticks of a second in /proc/stat. */
const TICKS = 100;

/** Bytes of a sector in /proc/diskstats, whatever the disk says. */
const SECTOR = 512;

const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

/** What a processor does while it is not used. */
const UNUSED: ReadonlySet<string> = new Set(['idle', 'iowait']);

const MEMORY = new Set([
  'MemTotal',
  'MemFree',
  'MemAvailable',
  'Buffers',
  'Cached',
  'SReclaimable',
  'SwapTotal',
  'SwapFree',
]);

/** Devices that are parts of others, or no disks. */
const NO_DISK = /^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;

function fieldsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}

/**
 * Writes `/proc/stat`. Besides the kernel's modes there is `used`, the sum of all in which a
 * processor works, as KubeSphere's node exporter has it.
 */
export function renderCpu(page: PageText, stat: string): void {
  page.describe('node_cpu_seconds_total', 'counter', 'Seconds that processors spent in each mode.');

  for (const line of stat.split('\n')) {
    const [name = '', ...ticks] = fieldsOf(line);
    const cpu = /^cpu(\d+)$/.exec(name)?.[1];
    if (cpu === undefined) {
      continue;
    }

    let used = 0;

    for (const [index, mode] of CPU_MODES.entries()) {
      const count = Number(ticks[index] ?? 0);
      used += UNUSED.has(mode) ? 0 : count;
      page.add('node_cpu_seconds_total', { cpu, mode }, count / TICKS);
    }

    page.add('node_cpu_seconds_total', { cpu, mode: 'used' }, used / TICKS);
  }
}

/** Writes `/proc/meminfo`. */
export function renderMemory(page: PageText, meminfo: string): void {
  for (const line of meminfo.split('\n')) {
    const [, name = '', kilobytes] = /^(\w+):\s+(\d+) kB$/.exec(line) ?? [];

    if (MEMORY.has(name)) {
      const metric = `node_memory_${name}_bytes`;
      page.describe(metric, 'gauge', `${name} of the kernel's memory information.`);
      page.add(metric, {}, Number(kilobytes) * 1024);
    }
  }
}

/** Writes `/proc/loadavg`. */
export function renderLoad(page: PageText, loadavg: string): void {
  const loads = fieldsOf(loadavg);

  for (const [index, minutes] of [1, 5, 15].entries()) {
    const load = Number(loads[index]);

    if (Number.isFinite(load)) {
      page.describe(`node_load${minutes}`, 'gauge', `Load average of ${minutes} minutes.`);
      page.add(`node_load${minutes}`, {}, load);
    }
  }
}

/** Writes `/proc/net/dev`. */
export function renderNetwork(page: PageText, netDev: string): void {
  for (const line of netDev.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) {
      continue;
    }

    const device = line.slice(0, colon).trim();
    const numbers = fieldsOf(line.slice(colon + 1)).map(Number);
    const [receivedBytes = 0, , receiveErrors = 0] = numbers;
    const [sentBytes = 0, , sendErrors = 0] = numbers.slice(8);

    page.add('node_network_receive_bytes_total', { device }, receivedBytes);
    page.add('node_network_receive_errs_total', { device }, receiveErrors);
    page.add('node_network_transmit_bytes_total', { device }, sentBytes);
    page.add('node_network_transmit_errs_total', { device }, sendErrors);
  }
}

/** Writes `/proc/diskstats`. */
export function renderDisks(page: PageText, diskstats: string): void {
  for (const line of diskstats.split('\n')) {
    const [, , device = '', ...numbers] = fieldsOf(line);
    if (device === '' || NO_DISK.test(device)) {
      continue;
    }

    const [reads = 0, , sectorsRead = 0, , writes = 0, , sectorsWritten = 0] = numbers.map(Number);

    page.add('node_disk_reads_completed_total', { device }, reads);
    page.add('node_disk_read_bytes_total', { device }, sectorsRead * SECTOR);
    page.add('node_disk_writes_completed_total', { device }, writes);
    page.add('node_disk_written_bytes_total', { device }, sectorsWritten * SECTOR);
  }
}

/** A file system of a block device. */
export interface Mount {
  readonly device: string;
  readonly mountpoint: string;
  readonly fstype: string;
  readonly isReadOnly: boolean;
}

/** Returns the file systems of block devices in `/proc/mounts`, one for each device and place. */
export function parseMounts(mounts: string): Mount[] {
  const found = new Map<string, Mount>();

  for (const line of mounts.split('\n')) {
    const [device = '', place = '', fstype = '', options = ''] = line.split(' ');
    const mountpoint = place.replace(/\\(0\d\d)/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );

    if (device.startsWith('/dev/') && mountpoint !== '') {
      const isReadOnly = options.split(',').includes('ro');
      found.set(`${device} ${mountpoint}`, { device, mountpoint, fstype, isReadOnly });
    }
  }

  return [...found.values()];
}

/** How large a file system is and how much of it is free, as statfs tells. */
export interface FileSystemState {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** Writes a file system. */
export function renderFileSystem(page: PageText, mount: Mount, state: FileSystemState): void {
  const { device, mountpoint, fstype, isReadOnly } = mount;
  const labels = { device, mountpoint, fstype };

  page.add('node_filesystem_size_bytes', labels, state.blocks * state.bsize);
  page.add('node_filesystem_free_bytes', labels, state.bfree * state.bsize);
  page.add('node_filesystem_avail_bytes', labels, state.bavail * state.bsize);
  page.add('node_filesystem_files', labels, state.files);
  page.add('node_filesystem_files_free', labels, state.ffree);
  page.add('node_filesystem_readonly', labels, isReadOnly ? 1 : 0);
}
