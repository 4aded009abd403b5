import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, makeEntry } from '@ks-apiserver/client/informer/entry';
import { JoinedBodies } from './joined-bodies.ts';

const entries = (count: number): Entry[] =>
  Array.from({ length: count }, (_, i) =>
    makeEntry({ metadata: { name: `n-${i}` } }, Buffer.from('{}')),
  );

const bodyOf = (size: number) => () => ({ pieces: [Buffer.alloc(size, 'x')], length: size });
const never = () => assert.fail('it is there already');

test('the body of a list of small objects is joined once, and again when the list changes', () => {
  const bodies = new JoinedBodies();
  const list = entries(20);
  const body = bodies.of('tag', list, bodyOf(1000));

  assert.equal(body?.byteLength, 1000);
  assert.equal(bodies.of('tag', [...list], never), body);

  // The same tag by chance: never another list's body.
  assert.equal(bodies.of('tag', entries(20), bodyOf(500))?.byteLength, 500);
});

test('few, large or very many objects are not joined', () => {
  const bodies = new JoinedBodies();
  assert.equal(bodies.of('few', entries(15), never), undefined);
  assert.equal(bodies.of('large', entries(20), bodyOf(20 * 4097)), undefined);
  assert.equal(bodies.of('many', entries(2000), bodyOf(1024 * 1024 + 1)), undefined);
});

test('they take no more than 16 MB in total, and the ones in use stay', () => {
  const bodies = new JoinedBodies();
  const list = entries(1000);
  const often = bodies.of('often', list, bodyOf(1024 * 1024));

  for (let i = 0; i < 40; i++) {
    bodies.of(`once-${i}`, list, bodyOf(1024 * 1024));
    assert.equal(bodies.of('often', list, never), often);
  }

  let made = 0;
  bodies.of('once-0', list, () => {
    made += 1;
    return bodyOf(1000)();
  });

  assert.equal(made, 1);
});
