import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageReader } from '../../exposition/page-reader.ts';
import { PageText } from '../../exposition/page-text.ts';
import { SampleBatch } from '../../samples/sample-batch.ts';
import { hostPage } from './host-page.ts';
import {
  parseMounts,
  renderCpu,
  renderDisks,
  renderFileSystem,
  renderLoad,
  renderMemory,
  renderNetwork,
} from './proc-series.ts';

function linesOf(render: (page: PageText) => void): string[] {
  const page = new PageText();
  render(page);
  return page
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('processors have the modes of the kernel, and the mode that KubeSphere queries', () => {
  const stat = `cpu  300 0 100 1000 50 1 2 7 0 0
cpu0 300 10 100 1000 50 1 2 7 0 0
intr 1
`;

  assert.deepEqual(
    linesOf((page) => renderCpu(page, stat)),
    [
      ['user', 3],
      ['nice', 0.1],
      ['system', 1],
      ['idle', 10],
      ['iowait', 0.5],
      ['irq', 0.01],
      ['softirq', 0.02],
      ['steal', 0.07],
      ['used', 4.2],
    ].map(([mode, seconds]) => `node_cpu_seconds_total{cpu="0",mode="${mode}"} ${seconds}`),
  );
});

test('memory, load, network and disks are told in bytes and numbers', () => {
  assert.deepEqual(
    linesOf((page) => renderMemory(page, 'MemTotal:  16 kB\nHugePages_Total: 0\nCached: 2 kB\n')),
    ['node_memory_MemTotal_bytes 16384', 'node_memory_Cached_bytes 2048'],
  );
  assert.deepEqual(
    linesOf((page) => renderLoad(page, '0.50 1.00 2.25 1/200 99\n')),
    ['node_load1 0.5', 'node_load5 1', 'node_load15 2.25'],
  );
  assert.deepEqual(
    linesOf((page) =>
      renderNetwork(
        page,
        'Inter-| Receive\n face |bytes\n  eth0: 100 1 2 0 0 0 0 0 200 3 4 0 0 0 0 0\n',
      ),
    ),
    [
      'node_network_receive_bytes_total{device="eth0"} 100',
      'node_network_receive_errs_total{device="eth0"} 2',
      'node_network_transmit_bytes_total{device="eth0"} 200',
      'node_network_transmit_errs_total{device="eth0"} 4',
    ],
  );
  assert.deepEqual(
    linesOf((page) =>
      renderDisks(page, ' 8 0 sda 5 0 10 0 6 0 20 0\n 8 1 sda1 5 0 10 0 6 0 20 0\n 7 0 loop0 1\n'),
    ),
    [
      'node_disk_reads_completed_total{device="sda"} 5',
      'node_disk_read_bytes_total{device="sda"} 5120',
      'node_disk_writes_completed_total{device="sda"} 6',
      'node_disk_written_bytes_total{device="sda"} 10240',
    ],
  );
});

test('file systems of block devices are told once for each place', () => {
  const mounts = parseMounts(
    'proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw,noatime 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sdb /my\\040disk xfs ro 0 0\n',
  );

  assert.deepEqual(mounts, [
    { device: '/dev/sda1', mountpoint: '/', fstype: 'ext4', isReadOnly: false },
    { device: '/dev/sdb', mountpoint: '/my disk', fstype: 'xfs', isReadOnly: true },
  ]);

  const state = { bsize: 10, blocks: 9, bfree: 5, bavail: 4, files: 3, ffree: 2 };
  const at = 'device="/dev/sdb",mountpoint="/my disk",fstype="xfs"';
  assert.deepEqual(
    linesOf((page) => {
      for (const mount of mounts.slice(1)) {
        renderFileSystem(page, mount, state);
      }
    }),
    [
      `node_filesystem_size_bytes{${at}} 90`,
      `node_filesystem_free_bytes{${at}} 50`,
      `node_filesystem_avail_bytes{${at}} 40`,
      `node_filesystem_files{${at}} 3`,
      `node_filesystem_files_free{${at}} 2`,
      `node_filesystem_readonly{${at}} 1`,
    ],
  );
});

test('the page of this machine can be read, and is empty where there is no /proc', async () => {
  const batch = new SampleBatch();
  const reader = new PageReader({ wants: () => true, resolve: () => 1 });

  reader.read(Buffer.from(await hostPage()).toString('latin1'), batch);

  assert.ok(process.platform !== 'linux' || batch.size > 20);
  assert.equal(await hostPage('/nowhere'), '');
});
