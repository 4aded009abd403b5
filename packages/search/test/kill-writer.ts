// Stores numbered lines and audit records without end, and prints the number of each bulk when it is
// acknowledged, until it is killed: FOLDER PROGRAM.
import { SqliteStore } from '@ks-apiserver/search/store/sqlite-store';

const [folder = '', program = ''] = process.argv.slice(2);

const store = new SqliteStore({
  folder,
  program,
  retentionDays: 7,
  maxBytes: 1e12,
  timeoutMs: 10_000,
  prefixes: { logs: 'logs', events: 'events', auditing: 'auditing' },
  onWarning: () => {},
});

const PER_BULK = 50;

async function send(bulk: number): Promise<void> {
  const time = new Date().toISOString();
  const lines = Array.from({ length: PER_BULK }, (_, i) => [
    `{"create":{"_index":"logs"}}`,
    JSON.stringify({ log: `bulk${bulk} line${i}`, time }),
    `{"create":{"_index":"auditing"}}`,
    JSON.stringify({ AuditID: `${bulk}-${i}`, RequestReceivedTimestamp: time }),
  ]);

  await store.bulk('', new TextEncoder().encode(`${lines.flat().join('\n')}\n`));
  process.stdout.write(`${bulk}\n`);
}

/** Several bulks wait at a time, so that one is always being written. */
async function sendFrom(first: number, step: number): Promise<void> {
  for (let bulk = first; ; bulk += step) {
    await send(bulk);
  }
}

await Promise.all([0, 1, 2, 3].map((first) => sendFrom(first, 4)));
