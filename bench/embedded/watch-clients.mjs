// Watchers in a process of their own: node watch-clients.mjs '{"url", "token", "watchers",
// "events", "namespace"}'. Each only counts lines; one writer makes the changes, 16 at a time.
import { Agent, request } from 'node:https';

const { url, token, watchers, events, namespace } = JSON.parse(process.argv[2]);
const { hostname, port } = new URL(url);
const list = `/api/v1/namespaces/${namespace}/configmaps`;
const authorization = `Bearer ${token}`;
const agent = new Agent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false });
const NEWLINE = 10;

function call(method, path, body) {
  const payload = body && JSON.stringify(body);
  const headers = { authorization, ...(payload && { 'content-type': 'application/json' }) };

  return new Promise((resolve, reject) => {
    const req = request({ hostname, port, path, method, headers, agent }, async (response) => {
      const chunks = [];

      for await (const chunk of response) {
        chunks.push(chunk);
      }

      if (response.statusCode >= 300) {
        reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(chunks)}`));
      } else {
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      }
    });

    req.on('error', reject);
    req.end(payload);
  });
}

const { metadata } = await call('GET', list);
let delivered = 0;
let all;
const everything = new Promise((resolve) => (all = resolve));

function watch() {
  const path = `${list}?watch=true&resourceVersion=${metadata.resourceVersion}`;

  return new Promise((resolve, reject) => {
    const options = {
      hostname,
      port,
      path,
      headers: { authorization },
      agent: false,
      rejectUnauthorized: false,
    };

    const req = request(options, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`watch: ${response.statusCode}`));
        return;
      }

      response.on('data', (chunk) => {
        for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
          delivered += 1;
        }

        if (delivered >= watchers * events) {
          all();
        }
      });

      response.on('error', () => {});
      resolve(req);
    });

    req.on('error', reject);
    req.end();
  });
}

const open = [];

for (let i = 0; i < watchers; i += 50) {
  open.push(...(await Promise.all(Array.from({ length: Math.min(50, watchers - i) }, watch))));
}

const data = { text: 'x'.repeat(1000) };
const begin = performance.now();
let next = 0;

const writer = async () => {
  while (next < events) {
    await call('POST', list, { metadata: { name: `event-${next++}` }, data });
  }
};

await Promise.all(Array.from({ length: 16 }, writer));

const timeout = setTimeout(() => all(), 120_000);

await everything;
clearTimeout(timeout);

const ms = performance.now() - begin;

for (const req of open) {
  req.destroy();
}

agent.destroy();
console.log(JSON.stringify({ delivered, ms, perSecond: Math.round((delivered / ms) * 1000) }));
process.exit(0);
