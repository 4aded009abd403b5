// Measures how fast 16 writers, each waiting for its answer, can create pods.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { podOf } from '../pod-source.mjs';

const WRITERS = 16;
const script = fileURLToPath(new URL('writers.mjs', import.meta.url));

/** Returns how many pods were created per second, and how many calls failed. */
export async function writes(side, token, seconds, bytes) {
  const { status: _status, ...pod } = podOf(1, bytes);
  const namespace = 'bench-0';

  const options = {
    url: `${side.url}/api/v1/namespaces/${namespace}/pods`,
    token,
    writers: WRITERS,
    seconds,
  };

  const body = { ...pod, metadata: { ...pod.metadata, namespace, name: '@NAME@' } };

  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    JSON.stringify({ ...options, body }),
  ]);

  return JSON.parse(stdout);
}
