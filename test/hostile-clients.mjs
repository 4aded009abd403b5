// Hostile clients, in a thread of their own: each keeps one connection busy by repeating one cheap
// request.
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, requests, connections } = workerData;

/**
 * How long a connection may stay without an answer before another one is tried, in milliseconds.
 */
const PATIENCE_MS = 5000;
let stopped = false;
const statuses = {};

parentPort.once('message', () => {
  stopped = true;
});

/**
 * Sends one request on a connection of its own; returns at the first bytes of the answer, or when
 * the connection ends.
 */
function send(bytes) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');

    const done = (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      socket.destroy();
      resolve(undefined);
    };

    socket.setTimeout(PATIENCE_MS, () => done('silent'));
    socket.once('error', () => done('refused'));
    socket.once('data', (chunk) => done(chunk.toString('latin1', 9, 12)));
    socket.once('end', () => done('ended'));
    socket.write(bytes);
  });
}

async function client(number) {
  for (let i = number; !stopped; i++) {
    await send(Buffer.from(requests[i % requests.length], 'latin1'));
  }
}

await Promise.all(Array.from({ length: connections }, (_, number) => client(number)));
parentPort.postMessage(statuses);
