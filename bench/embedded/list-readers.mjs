// Readers of long lists in a process of their own: node list-readers.mjs '{"url", "token",
// "readers", "seconds"}' prints figures as JSON. A separate process keeps their work from delaying
// the client that times calls meanwhile.
import { request } from 'node:https';

const { url, token, readers, seconds } = JSON.parse(process.argv[2]);
const figures = { lists: 0, bytes: 0 };

function readList() {
  const headers = { authorization: `Bearer ${token}` };

  return new Promise((resolve, reject) => {
    const req = request(url, { headers, rejectUnauthorized: false, agent: false }, (response) => {
      let size = 0;
      response.on('data', (chunk) => (size += chunk.length));
      response.on('end', () => resolve(size));
      response.on('error', reject);
    });

    req.on('error', reject);
    req.end();
  });
}

const end = performance.now() + seconds * 1000;
await Promise.all(
  Array.from({ length: readers }, async () => {
    while (performance.now() < end) {
      figures.bytes = await readList();
      figures.lists += 1;
    }
  }),
);

console.log(JSON.stringify(figures));
