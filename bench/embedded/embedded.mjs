// Compares the embedded Kubernetes API with kube-apiserver and etcd, in one run on one machine:
// both with fsync, then both without.
import { namespaceOf, podOf } from '../pod-source.mjs';
import { hasWrk, loadWithWrk } from '../wrk.mjs';
import { loopDelays } from './loop-delays.mjs';
import { startOurs, startPeer } from './sides.mjs';
import { watchers } from './watchers.mjs';
import { writes } from './writes.mjs';

const PODS = 5000;
const POD_BYTES = 8500;
const CONNECTIONS = 16;
const LANES = 16;
const TURNS = 3;

const ONE = `/api/v1/namespaces/${namespaceOf(107)}/pods/pod-107`;

const READS = [
  { name: 'get of one pod', path: ONE, goal: 3 },
  {
    name: 'list of a namespace with 50 pods',
    path: `/api/v1/namespaces/${namespaceOf(7)}/pods`,
    goal: 5,
  },
  { name: 'list of 500 pods', path: '/api/v1/pods?limit=500', goal: 5, connections: 4 },
];

/** Creates the pods and everything they need. */
async function fill(side) {
  const namespaces = [...new Set(Array.from({ length: PODS }, (_, i) => namespaceOf(i)))];
  for (const name of namespaces) {
    await side.call('POST', '/api/v1/namespaces', { metadata: { name } });

    await side.call(
      'POST',
      `/api/v1/namespaces/${name}/serviceaccounts`,
      { metadata: { name: 'default' } },
      [409],
    );
  }

  let next = 0;

  const lane = async () => {
    while (next < PODS) {
      const i = next++;
      const { status: _status, ...pod } = podOf(i, POD_BYTES);
      await side.call('POST', `/api/v1/namespaces/${namespaceOf(i)}/pods`, pod);
    }
  };

  await Promise.all(Array.from({ length: LANES }, lane));
}

/**
 * Measures both sides in turns, so that a change of the speed of a shared machine affects both
 * alike.
 */
async function measureInTurns(sides, measure) {
  const found = sides.map(() => []);

  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, side] of sides.entries()) {
      found[index].push(await measure(side));
    }
  }

  return found;
}

const mean = (values) => Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function row(name, [theirs, own], goal, isSmallBetter = false) {
  const ratio = isSmallBetter ? theirs / own : own / theirs;
  console.log(`| ${name} | ${theirs} | ${own} | ${ratio.toFixed(2)} | ${goal} |`);
}

/**
 * Measures requests; returns the mean number of answers per second and counts the failed requests.
 */
async function measureThroughput(sides, errors, measure) {
  const found = await measureInTurns(sides, measure);
  for (const figures of found) {
    for (const figure of figures) {
      errors.count += figure.errors;
    }
  }

  return found.map((figures) => mean(figures.map(({ perSecond }) => perSecond)));
}

/**
 * Measures start-up and reads, only in the configuration in which every write waits for the disk.
 */
async function measureStarts(sides) {
  row(
    'first start to ready, ms',
    sides.map(({ startMs }) => startMs),
    '≥ 4',
    true,
  );

  row(
    'the same with all of KubeSphere, ms',
    sides.map(({ readyMs }) => readyMs),
    '',
    true,
  );

  const again = await measureInTurns(sides, (side) => side.startAgain());
  row('start with the pods to ready, ms', again.map(median), '≥ 4', true);
}

async function measureReads(sides, tokens, errors, seconds) {
  for (const { name, path, goal, connections = CONNECTIONS } of READS) {
    const found = await measureThroughput(sides, errors, (side) =>
      loadWithWrk({
        url: side.url + path,
        token: tokens.get(side),
        connections,
        seconds: Math.ceil(seconds / TURNS),
      }),
    );

    row(`${name}, requests/s`, found, `≥ ${goal}`);
  }

  const [theirs, own] = sides.map((side) => side.residentMb);
  console.log(
    `| resident memory after reads, MB | ${theirs} | ${own} | ${(own / theirs).toFixed(2)} | ≤ 0.33 |`,
  );

  const [peer, ours] = sides;
  const delivered = [
    await watchers(peer, tokens.get(peer)),
    await watchers(ours, tokens.get(ours)),
  ];

  row('events delivered to 1,000 watchers/s', /** @type {[any, any]} */ (delivered), '≥ 1');
}

/** Measures one pair, prints its rows, and returns how many requests failed. */
async function measurePair(fsync, seconds) {
  const sides = [];
  const errors = { count: 0 };

  try {
    for (const start of [startPeer, startOurs]) {
      sides.push(await start(fsync));
    }

    const tokens = new Map();

    for (const side of sides) {
      await fill(side);
      tokens.set(side, await side.serviceAccountToken());
    }

    const [, ours] = sides;
    let holds = '';

    if (fsync) {
      await measureStarts(sides);
      await measureReads(sides, tokens, errors, seconds);
      holds = `\n${await loopDelays(ours, tokens.get(ours), seconds)}\n`;
    }

    const written = await measureThroughput(sides, errors, (side) =>
      writes(side, tokens.get(side), Math.ceil(seconds / TURNS), POD_BYTES),
    );

    row(
      `pods created by 16 writers/s, ${fsync ? 'fsync' : 'no fsync'}`,
      written,
      fsync ? '≥ 1' : '≥ 1.5',
    );

    console.log(holds);

    return errors.count;
  } finally {
    for (const side of sides) {
      await side.stop();
    }
  }
}

/** Prints the table; returns how many requests failed. */
export async function embedded(seconds) {
  console.log(
    `${PODS} pods of about 10 KB, ${seconds} s a figure in ${TURNS} turns, ${(await hasWrk()) ? 'wrk' : 'a client in JavaScript'}\n`,
  );
  console.log('| | kube-apiserver + etcd | ours | ratio | goal |\n|---|---|---|---|---|');
  return (await measurePair(true, seconds)) + (await measurePair(false, seconds));
}
