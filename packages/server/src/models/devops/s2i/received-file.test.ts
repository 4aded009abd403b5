import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { byteSize } from './byte-size.ts';
import { receiveFile } from './received-file.ts';

const TYPE = 'multipart/form-data; boundary=X';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ks-upload-'));
});

after(() => rm(folder, { recursive: true, force: true }));

const part = (content: string, fileName = 'a.jar', field = 's2ibinary') =>
  `--X\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\n\r\n${content}\r\n`;

const receive = (text: string, limits = { maxBytes: 1000, stalledMs: 1000 }) =>
  receiveFile(Readable.from([Buffer.from(text)], { objectMode: false }), TYPE, folder, limits);

test('a file is kept with its sums until it is discarded', async () => {
  const { file, md5, discard } = await receive(`${part('hello')}--X--\r\n`);

  assert.deepEqual([file.name, file.size, md5], ['a.jar', 5, '5d41402abc4b2a76b9719d911017c592']);
  assert.match(file.sha256, /^2cf24dba/);
  assert.equal(await readFile(file.path, 'utf8'), 'hello');

  await discard();
  assert.deepEqual(await readdir(folder), []);
});

test('a form that cannot be used leaves nothing behind', async () => {
  for (const [text, code] of [
    [`${part('x'.repeat(1001))}--X--\r\n`, 413],
    [part('breaks off'), 400],
    ['no form', 400],
    [`${part('x', '')}--X--\r\n`, 400],
    [`${part('x', 'a'.repeat(300))}--X--\r\n`, 400],
    [`${part('x', 'a.jar', 'other')}--X--\r\n`, 500],
    [`${part('x')}${part('y')}--X--\r\n`, 500],
  ] as const) {
    await assert.rejects(receive(text), { code }, text.slice(0, 40));
    assert.deepEqual(await readdir(folder), []);
  }
});

test('a path in the name of a file does not count', async () => {
  const { file, discard } = await receive(`${part('x', '../../etc/a.jar')}--X--\r\n`);
  assert.equal(file.name, 'a.jar');
  await discard();
});

test('a body that stalls is given up', async () => {
  const body = new Readable({ read() {} });
  body.push(Buffer.from(part('begins')));

  await assert.rejects(receiveFile(body, TYPE, folder, { maxBytes: 1000, stalledMs: 30 }), {
    code: 408,
  });
  assert.deepEqual(await readdir(folder), []);
});

test('a body whose sender goes away is given up', async () => {
  const body = new Readable({ read() {} });
  body.push(Buffer.from(part('begins')));
  setTimeout(() => body.destroy(), 20);

  await assert.rejects(receiveFile(body, TYPE, folder), { code: 400 });
  assert.deepEqual(await readdir(folder), []);
});

test('any body is a file or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const body = Buffer.concat([Buffer.from(part('x').slice(0, bytes.length)), bytes]);

      try {
        const { discard } = await receive(body.toString('latin1'));
        await discard();
      } catch (error) {
        assert.ok([400, 413, 500].includes((error as { code: number }).code), String(error));
      }
    }),
    { numRuns: 100 },
  );
  assert.deepEqual(await readdir(folder), []);
});

test('sizes are written as in 3.0', () => {
  for (const [bytes, text] of [
    [0, '0B'],
    [17, '17B'],
    [1024, '1K'],
    [1536, '1.5K'],
    [1_572_864, '1.5M'],
    [3 * 1024 ** 3, '3G'],
  ] as const) {
    assert.equal(byteSize(bytes), text);
  }
});
