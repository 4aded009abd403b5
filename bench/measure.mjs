// Helpers of all sections of the benchmark: load from a process of its own, memory, log-in, the
// table.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';

const loadScript = fileURLToPath(new URL('load.mjs', import.meta.url));

export const PASSWORD = 'a password for the bench';

/** Puts load on one URL; returns the figures of load.mjs. */
export async function load(options) {
  return JSON.parse(
    (await promisify(execFile)(process.execPath, [loadScript, JSON.stringify(options)])).stdout,
  );
}

/** Returns the CPU time that a process has used, in microseconds. */
export function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Returns the resident memory of a process in MB. */
export async function resident(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}

/**
 * Returns the private memory of a process in MB: without the pages of files, such as those of the
 * store, which the system can take back.
 */
export async function ownMemory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024);
}

/**
 * Has a server collect its garbage, so that the heap shows what is in use: through the inspector of
 * Node, which a signal opens.
 */
export async function collectGarbage(server) {
  process.kill(server.pid, 'SIGUSR1');

  let url;

  while (!url) {
    url = /Debugger listening on (ws:\S+)/.exec(server.output())?.[1];
    await sleep(50);
  }

  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  await once(socket, 'message');
  socket.terminate();
}

/** Logs in and returns an access token. */
export async function logIn(server, username, password) {
  const body = new URLSearchParams({ grant_type: 'password', username, password });
  const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
  if (response.status !== 200) {
    throw new Error(`log-in of ${username}: ${response.status} ${await response.text()}`);
  }

  return (await response.json()).access_token;
}

/** Returns the value of one of the server's metrics. */
export async function metric(server, token, name) {
  const headers = { authorization: `Bearer ${token}` };
  const text = await (await fetch(`${server.url}/metrics`, { headers })).text();
  const [, value] = new RegExp(`^${name} (.+)$`, 'm').exec(text) ?? [];
  return Number(value);
}

/**
 * Returns how late the event loop was since the last call, in milliseconds: its `p99` or its `max`.
 */
export async function loopDelay(server, token, figure) {
  const seconds = await metric(server, token, `nodejs_eventloop_lag_${figure}_seconds`);

  // The metric is the time between two ticks of a timer of 10 ms.
  return seconds * 1000 - 10;
}

/**
 * Prints the head of a table of load figures; returns functions that print a row and that count all
 * failed requests.
 */
export function loadTable(seconds) {
  let errors = 0;

  console.log(
    `| GET, ${seconds} s | connections | requests/s | p50 ms | p99 ms | errors | resident MB |\n|---|---|---|---|---|---|---|`,
  );

  const print = async (name, server, figures, connections) => {
    errors += figures.errors;
    console.log(
      `| ${name} | ${connections} | ${figures.perSecond} | ${figures.p50.toFixed(1)} | ${figures.p99.toFixed(1)} | ${figures.errors} | ${await resident(server.pid)} |`,
    );
  };

  return Object.assign(print, { errors: () => errors });
}
