// npm run bench [-- --seconds N] [--only lists|access|resources|many|soak|embedded|monitoring|day] [--pods N]
// [--peer URL --peer-token TOKEN]: prints figures, asserts nothing but success.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { access } from './access.mjs';
import { dayOfMetrics } from './day-of-metrics/day-of-metrics.mjs';
import { embedded } from './embedded/embedded.mjs';
import { monitoring } from './monitoring.mjs';
import { manyPods, resources } from './resources.mjs';
import { soak } from './soak.mjs';
import { startAndLists } from './start-and-lists.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    only: { type: 'string', default: '' },
    pods: { type: 'string' },
    peer: { type: 'string' },
    'peer-token': { type: 'string' },
  },
});

const seconds = Number(values.seconds);

const options = {
  ...(values.pods && { pods: Number(values.pods) }),
  ...(values.peer && { peer: { url: values.peer, token: values['peer-token'] ?? '' } }),
};

const SECTIONS = {
  lists: startAndLists,
  access,
  resources,
  many: manyPods,
  soak,
  embedded,
  monitoring,
  day: dayOfMetrics,
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
