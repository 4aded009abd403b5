// Writers in a process of their own: node writers.mjs '{"url", "token", "writers", "seconds",
// "body"}' prints figures as JSON. The body is built once; only its name changes.
import { Agent, request } from 'node:https';

const { url, token, writers, seconds, body } = JSON.parse(process.argv[2]);
const [before, after] = JSON.stringify(body)
  .split('@NAME@')
  .map((text) => Buffer.from(text));
const agent = new Agent({ keepAlive: true, maxSockets: writers, rejectUnauthorized: false });
const { hostname, port, pathname } = new URL(url);
const run = process.pid;
const figures = { written: 0, errors: 0 };
let next = 0;

function create() {
  const name = Buffer.from(`written-${run}-${next++}`);

  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': before.length + name.length + after.length,
  };

  return new Promise((resolve) => {
    const req = request(
      { hostname, port, path: pathname, method: 'POST', headers, agent },
      (response) => {
        if (response.statusCode !== 201) {
          figures.errors += 1;
        }

        response.on('end', resolve);
        response.resume();
      },
    );

    req.on('error', () => {
      figures.errors += 1;
      resolve(undefined);
    });

    req.end(Buffer.concat([before, name, after]));
  });
}

const begin = performance.now();
const end = begin + seconds * 1000;
await Promise.all(
  Array.from({ length: writers }, async () => {
    while (performance.now() < end) {
      await create();
      figures.written += 1;
    }
  }),
);

agent.destroy();

const perSecond = Math.round(
  (figures.written - figures.errors) / ((performance.now() - begin) / 1000),
);
console.log(JSON.stringify({ ...figures, perSecond }));
