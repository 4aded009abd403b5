// Measures a thousand watchers of one namespace with a thousand changes in it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('watch-clients.mjs', import.meta.url));
const WATCHERS = 1000;
const EVENTS = 1000;

/** Returns how many events were delivered per second, from the first change to the last event. */
export async function watchers(side, token) {
  await side.call('POST', '/api/v1/namespaces', { metadata: { name: 'watched' } });

  const options = {
    url: side.url,
    token,
    watchers: WATCHERS,
    events: EVENTS,
    namespace: 'watched',
  };

  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);

  return JSON.parse(stdout).perSecond;
}
