// Puts load on a server with wrk, which leaves more of the machine to the server than a client in
// JavaScript does; uses load.mjs where wrk is missing.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { load } from './measure.mjs';

const run = promisify(execFile);
let installed;

/** Reports whether wrk can be called. */
export async function hasWrk() {
  // wrk prints its version with status 1.
  installed ??= await run('wrk', ['-v']).then(
    () => true,
    ({ code }) => code !== 'ENOENT',
  );

  return installed;
}

const UNITS = { us: 1e-3, ms: 1, s: 1000, m: 60_000 };
const SIZES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Converts wrk's notation of a time to milliseconds. */
function ms(text) {
  const [, value, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text);
  return Number(value) * UNITS[unit];
}

/**
 * Puts load on one URL: returns requests, errors, bytes, perSecond, p50 and p99 in milliseconds.
 */
export async function loadWithWrk({ url, token, connections, seconds }) {
  if (!(await hasWrk())) {
    return load({ url, token, connections, seconds });
  }

  const { stdout } = await run('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    '--latency',
    ...(token ? ['-H', `Authorization: Bearer ${token}`] : []),
    url,
  ]);

  const matchOutput = (pattern) => pattern.exec(stdout)?.slice(1) ?? [];
  const [requests = '0'] = matchOutput(/(\d+) requests in/);
  const [size = '0', unit = 'B'] = matchOutput(/requests in [^,]+, ([\d.]+)(\w+) read/);
  const [wrong = '0'] = matchOutput(/Non-2xx or 3xx responses: (\d+)/);
  const sockets = matchOutput(/connect (\d+), read (\d+), write (\d+), timeout (\d+)/).map(Number);

  return {
    requests: Number(requests),
    errors: Number(wrong) + sockets.reduce((sum, count) => sum + count, 0),
    bytes: Number(size) * SIZES[unit],
    perSecond: Math.round(Number(matchOutput(/Requests\/sec:\s+([\d.]+)/)[0] ?? 0)),
    p50: ms(matchOutput(/^ +50% +(\S+)/m)[0] ?? '0ms'),
    p99: ms(matchOutput(/^ +99% +(\S+)/m)[0] ?? '0ms'),
  };
}
