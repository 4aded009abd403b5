// Runs 256 connections on nodes, pods and live lists while objects change 200 times a second: no
// errors, and no growth of memory.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '../test/server.mjs';
import { logIn, ownMemory, PASSWORD } from './measure.mjs';

const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Runs a script to its end; returns the JSON that it prints. */
async function json(name, ...args) {
  const child = spawn(process.execPath, [script(name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';

  child.stdout.on('data', (piece) => {
    text += piece;
  });

  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) {
    throw new Error(`${name} ended with ${code}`);
  }

  return text === '' ? undefined : JSON.parse(text);
}

/**
 * Returns `{requests, events, changes, errors, early, late}`; the last two are the process's
 * private memory in MB after a third of the time and at the end.
 */
export async function runSoak({ seconds, connections = 256, pods = 1000, changes = 200 }) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-soak-'));

  try {
    await json('seed.mjs', dir, String(pods), '4096');

    const server = await startServer({ dir, adminPassword: PASSWORD });

    try {
      const token = await logIn(server, 'admin', PASSWORD);

      const options = JSON.stringify({
        url: server.url,
        token,
        seconds,
        connections,
        pods,
        changes,
      });

      const clients = json('soak-clients.mjs', options);

      const failed = clients.then(
        () => undefined,
        (error) => error,
      );

      await sleep((seconds * 1000) / 3);

      const early = await ownMemory(server.pid);
      const error = await failed;
      if (error) {
        throw error;
      }

      return { ...(await clients), early, late: await ownMemory(server.pid) };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Prints the figures; returns how many requests failed. */
export async function soak(seconds) {
  const { requests, events, changes, errors, early, late } = await runSoak({ seconds });

  console.log(`| soak, ${seconds} s, 256 connections | |\n|---|---|`);
  console.log(
    `| requests | ${requests} |\n| changes | ${changes} |\n| events of live lists | ${events} |`,
  );
  console.log(
    `| errors | ${errors} |\n| own memory after a third, at the end | ${early} MB, ${late} MB |\n`,
  );

  return errors;
}
