import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs kill-writer.ts on a directory and kills it after `count` acknowledged writes; returns these,
 * as revision and key.
 */
export async function runKillStorm(
  path: string,
  round: number,
  count: number,
): Promise<[number, string][]> {
  const child = fork(new URL('./kill-writer.js', import.meta.url), [path, String(round)], {
    stdio: 'ignore',
  });
  const acknowledged: [number, string][] = [];
  child.on('message', (entries: [number, string][]) => {
    acknowledged.push(...entries);
    if (acknowledged.length > count) {
      child.kill('SIGKILL');
    }
  });

  await once(child, 'exit');
  assert.ok(acknowledged.length > 0, 'the writer wrote');

  return acknowledged;
}
