// The upper limit of this machine: the throughput of a bare Node server with constant answers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { portOf } from '../test/server.mjs';

/** Size of a chunk in bytes: bodies are sent in chunks like those that a cache holds. */
const PIECE = 12 * 1024;

/** Starts a process that answers `/<size>` with a body of this size. */
export async function startFloorServer() {
  const child = fork(fileURLToPath(import.meta.url), ['serve']);
  const [port] = await once(child, 'message');

  const close = async () => {
    child.kill();
    await once(child, 'exit');
  };

  return { pid: child.pid, urlOf: (size) => `http://127.0.0.1:${port}/${size}`, close };
}

if (process.argv[2] === 'serve') {
  const piece = Buffer.alloc(PIECE, 'x');

  const server = createServer({ noDelay: true }, (req, res) => {
    const size = Number(req.url.slice(1));
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': size });
    res.cork();

    let left = size;
    for (; left > PIECE; left -= PIECE) {
      res.write(piece);
    }

    res.end(piece.subarray(0, left));
  });

  server.listen(0, '127.0.0.1', () => process.send(portOf(server)));
}
