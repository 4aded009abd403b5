import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './body.ts';

test('no key reaches an object’s prototype', () => {
  for (const text of [
    '{"a":1,"__proto__":{"admin":true},"b":[{"__proto__":[]}]}',
    '{"a":1,"\\u005f_proto__":{"admin":true},"b":[{"_\\u005Fproto__":[]}]}',
  ]) {
    const value = parseJson(text) as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ['a', 'b']);

    const merged: Record<string, unknown> = {};

    for (const key in value) {
      merged[key] = value[key];
    }

    assert.equal((merged as { admin?: boolean }).admin, undefined);
    assert.deepEqual(value, { a: 1, b: [{}] });
  }

  assert.deepEqual(parseJson('{"a":"__proto__"}'), { a: '__proto__' });
  assert.throws(() => parseJson('{"__proto__":'), { code: 400 });
});

test('parsing costs no more for a body with deep nesting or misleading keys', () => {
  const time = (text: string, parse: (text: string) => unknown = parseJson) => {
    let best = Number.POSITIVE_INFINITY;

    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      parse(text);
      best = Math.min(best, performance.now() - start);
    }

    return best;
  };

  const values = `[${'{"a":[]},'.repeat(200_000)}{}]`;
  const [bare, own] = [time(values, JSON.parse), time(values)];

  assert.ok(own < 5 * bare + 10, `${own} ms, and ${bare} ms without a check`);

  const deep = 500_000;
  assert.ok(time('['.repeat(deep) + ']'.repeat(deep)) < 1000);
  assert.ok(time(`${'{"__proto__":'.repeat(100_000)}1${'}'.repeat(100_000)}`) < 1000);
});
