import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFieldSelector } from './fields.ts';

test('matches when every requirement does', () => {
  const selector = parseFieldSelector('metadata.name=a,status.phase!=Running,');
  const fields = new Map([['metadata.name', 'a']]);
  assert.equal(
    selector.matches((field) => fields.get(field) ?? ''),
    true,
  );

  fields.set('status.phase', 'Running');

  assert.equal(
    selector.matches((field) => fields.get(field) ?? ''),
    false,
  );
});

test('refuses selectors that cannot be parsed, in Kubernetes’ wording', () => {
  const refused = new Map([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=\\', 'invalid field selector: invalid escape sequence: \\'],
  ]);

  for (const [text, message] of refused) {
    assert.throws(() => parseFieldSelector(text), { code: 400, message });
  }
});

test('terms keep their order; an empty selector has no requirements', () => {
  assert.deepEqual(
    parseFieldSelector('b=1,a!=2,=').requirements.map(({ field }) => field),
    ['a', 'b'],
  );

  assert.throws(() => parseFieldSelector('x,a'), {
    message: "invalid selector: 'x,a'; can't understand 'a'",
  });
});

test('any value survives escaping', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const escaped = value.replace(/[\\,=]/g, '\\$&');
      const selector = parseFieldSelector(`a=${escaped}`);
      assert.equal(selector.requirements[0]?.value, value);
      assert.deepEqual(parseFieldSelector(selector.toString()).requirements, selector.requirements);
    }),
  );
});
