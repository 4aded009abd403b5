// The documents name files of this repository: each of them must exist.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .map((file) => join('docs', String(file)))
    .filter((file) => file.endsWith('.md')),
];

/** Names of source files and folders in backticks, such as `server/src/http/chain.ts`. */
const SOURCE =
  /`((?:packages\/)?(?:apimachinery|api|client|http|controllers|kubernetes|server)\/(?:src|test)\/[\w./-]*)`/g;
const LINK = /\]\((?!https?:|#)([^)#\s]+)/g;

for (const document of documents) {
  test(`${document} names files that exist`, () => {
    const text = readFileSync(join(root, document), 'utf8');
    const sources = [...text.matchAll(SOURCE)].map(([, path]) =>
      path.startsWith('packages/') ? path : `packages/${path}`,
    );
    const links = [...text.matchAll(LINK)].map(([, path]) => join(dirname(document), path));
    const missing = [...sources, ...links].filter((path) => !existsSync(join(root, path)));

    assert.deepEqual(missing, []);
  });
}
