// Measures how a small call fares beside clients that read and watch everything.
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceOf } from '../pod-source.mjs';
import { loadWithWrk } from '../wrk.mjs';
import { ALL_PODS, POD } from './rows.mjs';

const CONNECTIONS = 16;
const READERS = 2;

/** Pods that are changed each second while everything is watched. */
const CHANGES_A_SECOND = 20;

/** Follows all pods until `signal` is aborted; returns the number of bytes that came. */
async function watchAll(server, token, signal) {
  const headers = { authorization: `Bearer ${token}` };
  let bytes = 0;

  try {
    const answer = await fetch(`${server.url}/api/v1/pods?watch=true`, { headers, signal });
    for await (const chunk of answer.body) {
      bytes += chunk.byteLength;
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }

  return bytes;
}

/** Changes pods at a fixed rate until `signal` is aborted. */
async function changePods(server, token, signal) {
  for (let i = 0; !signal.aborted; i++) {
    const path = `/api/v1/namespaces/${namespaceOf(i % 100)}/pods/pod-${i % 100}`;
    const body = JSON.stringify({
      metadata: { annotations: { 'bench.example.com/change': `${i}` } },
    });

    const answer = await fetch(server.url + path, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/merge-patch+json',
      },
      body,
    });

    await answer.arrayBuffer();

    if (!answer.ok) {
      throw new Error(`PATCH ${path}: ${answer.status}`);
    }

    await sleep(1000 / CHANGES_A_SECOND);
  }
}

/**
 * Prints the rate and the delay of a small call alone, and beside two readers of all pods, one who
 * watches them and one who changes some; returns how many requests failed.
 * @param {{url: string}} server
 * @param {{token: string, seconds: number}} options
 */
export async function besideReaders(server, { token, seconds }) {
  const small = { url: server.url + POD, token, connections: CONNECTIONS, seconds };
  const stop = new AbortController();

  await loadWithWrk({ ...small, seconds: 2 });

  const alone = await loadWithWrk(small);
  const others = [watchAll(server, token, stop.signal), changePods(server, token, stop.signal)];

  // The readers begin before the small calls and end after them.
  const reading = loadWithWrk({
    url: server.url + ALL_PODS,
    token,
    connections: READERS,
    seconds: seconds + 2,
  });

  await sleep(1000);

  const beside = await loadWithWrk(small);
  const read = await reading;

  stop.abort();

  const [watched] = await Promise.all(others);
  const megabytes = (bytes) => Math.round(bytes / 1024 ** 2);

  console.log('\n| one pod | requests/s | p50 ms | p99 ms |\n|---|---|---|---|');

  for (const [name, figures] of Object.entries({ alone, 'beside readers of everything': beside })) {
    console.log(
      `| ${name} | ${figures.perSecond} | ${figures.p50.toFixed(1)} | ${figures.p99.toFixed(1)} |`,
    );
  }

  console.log(
    `\nbeside of alone: ${(beside.perSecond / alone.perSecond).toFixed(2)}; ${READERS} readers of all pods got ${megabytes(read.bytes / (seconds + 2))} MB/s, the watcher ${megabytes(watched)} MB\n`,
  );

  return alone.errors + beside.errors + read.errors;
}
