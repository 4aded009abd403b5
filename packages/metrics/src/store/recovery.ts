import { rmSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { SampleBatch } from '../samples/sample-batch.ts';
import { PARTIAL, writeBlock } from './block/block-writer.ts';
import type { BlockSet } from './block-set.ts';
import { CorruptionError } from './chunks/byte-reader.ts';
import { blockPath, deleteByEnding, type LogName, listDataFiles } from './files/data-files.ts';
import { type LoggedWindow, WINDOW_MS } from './head/head.ts';
import { Window } from './head/window.ts';
import type { StoreLog } from './store-options.ts';
import { describeDamage, readRecords } from './wal/records.ts';
import { readRound } from './wal/round-codec.ts';

/** What was found in a directory besides blocks. */
export interface Recovered {
  readonly window: LoggedWindow | undefined;
  /** Greater than all ids of windows and numbers of parts. */
  readonly nextId: number;
}

/**
 * Reads what an earlier process left in a directory: opens its blocks, writes those that it had not
 * written yet, and returns the newest window.
 */
export async function recover(
  directory: string,
  blocks: BlockSet,
  log: StoreLog,
): Promise<Recovered> {
  deleteByEnding(directory, PARTIAL);

  const files = listDataFiles(directory);
  const opened = new Set<number>();
  const logs = new Map<number, LogName[]>();

  for (const file of files) {
    if (file.kind === 'log') {
      logs.set(file.window, [...(logs.get(file.window) ?? []), file]);
    } else if (blocks.add(file)) {
      opened.add(file.window);
    }
  }

  const used = files.map((file) => Math.max(file.window, file.kind === 'log' ? file.part : 0));
  const newest = Math.max(-1, ...logs.keys());
  let window: LoggedWindow | undefined;

  for (const [id, parts] of logs) {
    // A block is complete: the process ended before it could delete its logs.
    if (opened.has(id)) {
      deleteLogs(parts);
      continue;
    }

    const recovered = await replay(parts, log);

    if (id === newest) {
      window = recovered;
    } else {
      await finish(recovered, { directory, blocks, log });
    }
  }

  return { window, nextId: Math.max(0, ...used) + 1 };
}

function deleteLogs(logs: readonly { path: string }[]): void {
  for (const { path } of logs) {
    rmSync(path, { force: true });
  }
}

/** Writes the block of a window that is over. */
async function finish(
  { window, logs }: LoggedWindow,
  { directory, blocks, log }: { directory: string; blocks: BlockSet; log: StoreLog },
): Promise<void> {
  const path = blockPath(directory, window);

  try {
    if (window.range) {
      await writeBlock(window, path);
      blocks.add({ path, window: window.id });
    }

    deleteLogs(logs.map((one) => ({ path: one })));
  } catch (error) {
    log.warn(`${path} could not be written, its logs are kept: ${messageOf(error)}`);
  }
}

/** Reads the logs of a window. */
async function replay(logs: readonly LogName[], log: StoreLog): Promise<LoggedWindow> {
  const [first] = logs;
  const start = first?.start ?? 0;
  const window = new Window(first?.window ?? 0, { start, end: start + WINDOW_MS });

  for (const { path } of logs) {
    try {
      const state = replayFile(path, window);
      const damage = describeDamage(state);

      if (damage) {
        log.warn(`the metrics log ${path} was damaged: ${damage}`);
        await truncate(path, state.goodBytes);
      }
    } catch (error) {
      log.warn(`the metrics log ${path} could not be read: ${messageOf(error)}`);
    }
  }

  return { window, logs: logs.map(({ path }) => path) };
}

/** Adds the samples of a log to a window. Numbers of series mean something in their file only. */
function replayFile(path: string, window: Window): ReturnType<typeof readRecords> {
  const refs: (number | undefined)[] = [];
  const known = new SampleBatch();
  let damagedContents = 0;

  const state = readRecords(path, (content) => {
    try {
      readRound(content, {
        series: (number, labels) => {
          refs[number] = window.resolve(labels);
        },
        samples: (time, batch) => {
          translate(batch, refs, known);
          window.append(time, known);
        },
      });
    } catch (error) {
      if (!(error instanceof CorruptionError)) {
        throw error;
      }

      damagedContents += 1;
    }
  });

  state.damagedRecords += damagedContents;

  return state;
}

/** Copies the samples of known series into a batch with the window's references. */
function translate(
  from: SampleBatch,
  refs: readonly (number | undefined)[],
  to: SampleBatch,
): void {
  to.clear();

  for (let index = 0; index < from.size; index++) {
    const ref = refs[from.ref(index)];
    if (ref !== undefined) {
      to.add(ref, from.value(index));
    }
  }

  for (const number of from.ended) {
    const ref = refs[number];
    if (ref !== undefined) {
      to.end(ref);
    }
  }
}
