// Measures the CPU time of single calls beside that of a bare server with bodies of the same size.
import { cpuTime } from '../measure.mjs';
import { loadWithWrk } from '../wrk.mjs';
import { BARE_MICROS, ROWS } from './rows.mjs';

const CONNECTIONS = 16;

/** How long each call is made before it is measured, in seconds: V8 compiles the called code. */
const WARM_UP = 2;

/** A token with the form of ours that nobody signed. */
const WRONG_TOKEN = [
  { alg: 'HS256', typ: 'JWT' },
  { username: 'admin', token_type: 'access_token', iss: 'kubesphere', iat: 1, nbf: 1 },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat(Buffer.alloc(32, 7).toString('base64url'))
  .join('.');

/** Returns the status and the size of one answer. */
async function ask(url, token) {
  const answer = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: answer.status, size: (await answer.arrayBuffer()).byteLength };
}

/** Puts load on a URL; returns the figures with the CPU time of a call in µs. */
async function measured(pid, options) {
  await loadWithWrk({ ...options, seconds: WARM_UP });

  const before = cpuTime(pid);
  const figures = await loadWithWrk(options);

  return { ...figures, micros: (cpuTime(pid) - before) / figures.requests };
}

/**
 * Prints the table of calls; returns how many requests failed.
 * @param {{url: string, pid: number}} server
 * @param {Awaited<ReturnType<typeof import('../floor.mjs').startFloorServer>>} floor
 * @param {{token: string, seconds: number, peer?: {url: string, token: string}}} options
 */
export async function callTable(server, floor, { token, seconds, peer }) {
  const tokens = { nobody: undefined, stranger: WRONG_TOKEN };
  let errors = 0;

  console.log(
    `| GET, ${seconds} s | bytes | CPU µs a call | goal here | of bare | requests/s | p99 ms |${peer ? ' of the peer |' : ''} errors |`,
  );
  console.log(`|---|---|---|---|---|---|---|${peer ? '---|' : ''}---|`);

  for (const { name, path, goal, as, status: expected = 200 } of ROWS) {
    const asked = { token: as ? tokens[as] : token, connections: CONNECTIONS, seconds };
    const { status, size } = await ask(server.url + path, asked.token);

    if (status !== expected) {
      throw new Error(`GET ${path} was answered with ${status}, not ${expected}`);
    }

    const own = await measured(server.pid, { ...asked, url: server.url + path });
    const bare = await measured(floor.pid, { ...asked, url: floor.urlOf(size) });

    const other =
      peer &&
      (await loadWithWrk({
        ...asked,
        url: peer.url + path,
        token: as ? tokens[as] : peer.token,
      }));

    const failed = expected === 200 ? own.errors : own.requests - own.errors;
    errors += failed;

    const cells = [
      name,
      size,
      own.micros.toFixed(1),
      ((goal * bare.micros) / BARE_MICROS).toFixed(1),
      (own.micros / bare.micros).toFixed(2),
      own.perSecond,
      own.p99.toFixed(1),
      ...(other ? [(own.perSecond / Math.max(1, other.perSecond)).toFixed(2)] : []),
      failed,
    ];

    console.log(`| ${cells.join(' | ')} |`);
  }

  return errors;
}
