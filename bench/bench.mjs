// npm run bench [-- --seconds N] [--only lists|access|resources|calls|many|clusters|soak|embedded|monitoring|day|search|dispatch|agents] [--pods N] [--lines N]
// [--peer URL --peer-token TOKEN]: prints figures, asserts nothing but success.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { access } from './access.mjs';
import { calls } from './calls/calls.mjs';
import { agents } from './clusters/agents.mjs';
import { dispatch } from './clusters/dispatch.mjs';
import { clusters } from './clusters/search.mjs';
import { dayOfMetrics } from './day-of-metrics/day-of-metrics.mjs';
import { embedded } from './embedded/embedded.mjs';
import { monitoring } from './monitoring.mjs';
import { manyPods, resources } from './resources.mjs';
import { soak } from './soak.mjs';
import { startAndLists } from './start-and-lists.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    lines: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    pods: { type: 'string' },
    peer: { type: 'string' },
    'peer-token': { type: 'string' },
  },
});

const seconds = Number(values.seconds);

const options = {
  ...(values.pods && { pods: Number(values.pods) }),
  lines: Number(values.lines),
  ...(values.peer && { peer: { url: values.peer, token: values['peer-token'] ?? '' } }),
};

/** Stores and searches lines of logs in a process of its own; returns the number of errors. */
async function searches(lines) {
  const script = fileURLToPath(new URL('search.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(lines)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');

  return code === 0 ? 0 : 1;
}

const SECTIONS = {
  lists: startAndLists,
  access,
  resources,
  calls,
  many: manyPods,
  clusters,
  soak,
  embedded,
  monitoring,
  day: dayOfMetrics,
  dispatch,
  agents,
  search: (_seconds, { lines }) => searches(lines),
};

console.log(
  `\n${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}\n`,
);

let errors = 0;

for (const [name, section] of Object.entries(SECTIONS)) {
  if (values.only === '' || values.only === name) {
    errors += await section(seconds, options);
  }
}

if (errors > 0) {
  process.exitCode = 1;
}
