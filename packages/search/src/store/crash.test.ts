import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LOG_FIELDS } from '../query/documents.ts';
import { SqliteStore } from './sqlite-store.ts';

const PROGRAM = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const WRITER = fileURLToPath(new URL('../test/kill-writer.js', import.meta.url));
const PER_BULK = 50;
const never = new AbortController().signal;

test('what was acknowledged is there after the process was killed', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-crash-'));
  const warnings: string[] = [];

  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, [WRITER, folder, PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

    let output = '';
    writer.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });

    await once(writer.stdout, 'data');
    await sleep(100 + round * 90);
    writer.kill('SIGKILL');
    await once(writer, 'exit');

    const acknowledged = output.split('\n').slice(0, -1).map(Number);
    const store = new SqliteStore({
      folder,
      program: PROGRAM,
      retentionDays: 7,
      maxBytes: 1e12,
      timeoutMs: 30_000,
      prefixes: { logs: 'logs', events: 'events', auditing: 'auditing' },
      onWarning: (message) => warnings.push(message),
    });

    const count = async (value: string) => {
      const conditions = [[{ match: 'phrase', field: LOG_FIELDS.log, value } as const]];
      const search = { scopes: undefined, conditions, range: {} };

      return (await store.backend('logs').statistics(search, never)).total;
    };

    assert.ok(acknowledged.length > 3, 'bulks were acknowledged');
    for (const bulk of acknowledged) {
      // The same numbers begin anew in each round.
      const found = await count(`bulk${bulk}`);
      assert.ok(found >= PER_BULK && found % PER_BULK === 0, `${found} lines of bulk ${bulk}`);
    }

    const all = { scopes: undefined, conditions: [], range: {} };
    const audited = await store.backend('auditing').statistics(all, never);
    assert.equal(audited.total % PER_BULK, 0);
    await store.close();
  }

  assert.deepEqual(warnings, []);
  rmSync(folder, { recursive: true });
});
