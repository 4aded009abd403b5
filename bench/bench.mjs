// npm run bench [-- --seconds N] [--only lists|access]: prints figures, asserts nothing but success.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { access } from './access.mjs';
import { startAndLists } from './start-and-lists.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, only: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
const SECTIONS = { lists: startAndLists, access };

console.log(`\n${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}\n`);
let errors = 0;
for (const [name, section] of Object.entries(SECTIONS))
  if (values.only === '' || values.only === name) errors += await section(seconds);
if (errors > 0) process.exitCode = 1;
