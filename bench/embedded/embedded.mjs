// The embedded Kubernetes API beside kube-apiserver and etcd, in one run on one machine: both with fsync, then both without.
import { namespaceOf, podOf } from '../pod-source.mjs';
import { drive, hasWrk } from '../wrk.mjs';
import { loopDelays } from './loop-delays.mjs';
import { startOurs, startPeer } from './sides.mjs';
import { watchers } from './watchers.mjs';
import { writes } from './writes.mjs';

const PODS = 5000;
const POD_BYTES = 8500;
const CONNECTIONS = 16;
const LANES = 16;

const ONE = `/api/v1/namespaces/${namespaceOf(107)}/pods/pod-107`;
const READS = [
  { name: 'get of one pod', path: ONE, goal: 3 },
  { name: 'list of a namespace with 50 pods', path: `/api/v1/namespaces/${namespaceOf(7)}/pods`, goal: 5 },
  { name: 'list of 500 pods', path: '/api/v1/pods?limit=500', goal: 5, connections: 4 },
];

/** Makes the pods and what they need. */
async function fill(side) {
  const namespaces = [...new Set(Array.from({ length: PODS }, (_, i) => namespaceOf(i)))];
  for (const name of namespaces) {
    await side.call('POST', '/api/v1/namespaces', { metadata: { name } });
    await side.call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } }, [409]);
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

/** Measures one pair; answers the rows of the table. */
async function pair(fsync, seconds) {
  // One after the other: each is to have the machine for itself.
  const figures = [];
  for (const start of [startPeer, startOurs]) {
    const side = await start(fsync);
    try {
      await fill(side);
      const token = await side.serviceAccountToken();
      const measured = { start: side.startMs, ready: side.readyMs, memory: 0, errors: 0 };
      if (fsync) {
        measured.again = await side.startAgain();
        for (const { name, path, connections = CONNECTIONS } of READS) {
          const { perSecond, errors, p99 } = await drive({ url: side.url + path, token, connections, seconds });
          measured[name] = { perSecond, p99 };
          measured.errors += errors;
        }
        measured.memory = side.residentMb;
        measured.delivered = await watchers(side, token);
        if (side.name === 'ours') measured.loop = await loopDelays(side, token, seconds);
      }
      measured.writes = await writes(side, token, seconds, POD_BYTES);
      measured.errors += measured.writes.errors;
      figures.push(measured);
    } finally {
      await side.stop();
    }
  }
  const [peer, ours] = figures;
  const row = (name, theirs, own, ratio, goal) =>
    console.log(`| ${name} | ${theirs} | ${own} | ${ratio.toFixed(2)} | ${goal} |`);
  if (fsync) {
    row('start with the pods to ready, ms', peer.again, ours.again, peer.again / ours.again, '≥ 4');
    row('first start to ready, ms', peer.start, ours.start, peer.start / ours.start, '≥ 4');
    row('the same with all of KubeSphere, ms', peer.ready, ours.ready, peer.ready / ours.ready, '');
    row('resident memory after reads, MB', peer.memory, ours.memory, ours.memory / peer.memory, '≤ 0.33');
    for (const { name, goal } of READS) {
      const [a, b] = [peer[name].perSecond, ours[name].perSecond];
      row(`${name}, requests/s`, a, b, b / a, `≥ ${goal}`);
    }
    row('events delivered to 1,000 watchers/s', peer.delivered, ours.delivered, ours.delivered / peer.delivered, '≥ 1');
  }
  const goal = fsync ? '≥ 1' : '≥ 1.5';
  const [a, b] = [peer.writes.perSecond, ours.writes.perSecond];
  row(`pods created by 16 writers/s, ${fsync ? 'fsync' : 'no fsync'}`, a, b, b / a, goal);
  if (ours.loop) console.log(`\n${ours.loop}\n`);
  return peer.errors + ours.errors;
}

/** Prints the table; answers how many requests failed. */
export async function embedded(seconds) {
  console.log(
    `${PODS} pods of about 10 KB, ${seconds} s a figure, ${(await hasWrk()) ? 'wrk' : 'a client in JavaScript'}\n`,
  );
  console.log('| | kube-apiserver + etcd | ours | ratio | goal |\n|---|---|---|---|---|');
  return (await pair(true, seconds)) + (await pair(false, seconds));
}
