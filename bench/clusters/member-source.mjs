// node bench/clusters/member-source.mjs MEMBERS PODS BYTES: the Kubernetes APIs of members, each with its
// part of the pods and nothing else, in one process; prints their URLs as JSON.
import { createServer } from 'node:http';
import { podOf } from '../pod-source.mjs';

const [members = 20, pods = 100_000, bytes = 2000] = process.argv.slice(2).map(Number);

/** Returns the JSON of a pod as an API that has stored it sends it. */
function storedPod(i) {
  const pod = podOf(i, bytes);
  const { apiVersion: _a, kind: _k, metadata, ...rest } = pod;
  const stored = {
    ...metadata,
    uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    resourceVersion: String(i + 1),
    // In another order than the names.
    creationTimestamp: new Date(1_700_000_000_000 + ((i * 7919) % 1e6) * 1000).toISOString(),
  };

  return JSON.stringify({ metadata: stored, ...rest });
}

function listOf(url, member) {
  const first = Number(url.searchParams.get('continue') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 500);
  const own = url.pathname === '/api/v1/pods' ? Math.ceil((pods - member) / members) : 0;
  const end = Math.min(own, first + limit);
  const items = [];

  for (let i = first; i < end; i++) {
    items.push(storedPod(i * members + member));
  }

  const next = end < own ? `,"continue":"${end}"` : '';

  return `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"${next}},"items":[${items.join()}]}`;
}

function answer(member, req, res) {
  const url = new URL(req.url, 'http://member');
  res.setHeader('content-type', 'application/json');

  if (url.searchParams.get('watch')) {
    res.writeHead(200).flushHeaders();
    return;
  }
  if (url.pathname === '/api') {
    res.end('{"kind":"APIVersions","versions":["v1"]}');
    return;
  }
  if (url.pathname === '/apis') {
    res.end('{"kind":"APIGroupList","apiVersion":"v1","groups":[]}');
    return;
  }
  if (url.pathname === '/api/v1') {
    const names = ['pods', 'namespaces'];
    const resources = names.map((name) => ({
      name,
      kind: name,
      namespaced: name === 'pods',
      verbs: ['list', 'watch'],
    }));
    res.end(JSON.stringify({ kind: 'APIResourceList', groupVersion: 'v1', resources }));
    return;
  }

  res.end(listOf(url, member));
}

const listening = Array.from({ length: members }, async (_, member) => {
  const server = createServer((req, res) => answer(member, req, res));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));

  return `http://127.0.0.1:${Object(server.address()).port}`;
});

console.log(JSON.stringify(await Promise.all(listening)));
