// Measures how much memory a user takes, with everything that belongs to one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../test/server.mjs';
import { createCreator, createUsers } from '../access.mjs';
import { collectGarbage, logIn, metric, ownMemory, PASSWORD } from '../measure.mjs';

const FEW = 200;

/** Most memory that a user may take, in KB. */
const GOAL_KB = 12;

/** Returns what a server keeps after its garbage was collected, in bytes. */
async function kept(server, token) {
  await collectGarbage(server);

  const [heap, external] = await Promise.all(
    ['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes'].map((name) =>
      metric(server, token, name),
    ),
  );

  return { heap, external, own: (await ownMemory(server.pid)) * 1024 ** 2 };
}

/**
 * Creates users with a global role each and prints how much memory one takes; returns 0.
 * @param {{users?: number}} [options]
 */
export async function usersMemory({ users = 10_000 } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  const server = await startServer({ dir, adminPassword: PASSWORD });

  try {
    const token = await logIn(server, 'admin', PASSWORD);
    const create = createCreator(server, token);

    await createUsers(server, token, create, 0, FEW);
    const before = await kept(server, token);

    const start = performance.now();
    await createUsers(server, token, create, FEW, users);
    const seconds = (performance.now() - start) / 1000;
    const after = await kept(server, token);

    const each = (name) => ((after[name] - before[name]) / (users - FEW) / 1024).toFixed(1);

    console.log(`\n${users - FEW} users were created in ${Math.round(seconds)} s\n`);
    console.log('| a user, KB | |\n|---|---|');
    console.log(
      `| heap and buffers, after garbage collection (goal ${GOAL_KB}) | ${(Number(each('heap')) + Number(each('external'))).toFixed(1)} |`,
    );
    console.log(`| of these on the heap | ${each('heap')} |`);
    console.log(`| memory of the process, without files | ${each('own')} |\n`);

    return 0;
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
