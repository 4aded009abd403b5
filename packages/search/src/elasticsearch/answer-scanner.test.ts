import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerScanner } from './answer-scanner.ts';

/** Scans a text that arrives in pieces of a length. */
function scan(text: string, length: number) {
  const scanner = new AnswerScanner();
  const bytes = Buffer.from(text);

  for (let at = 0; at < bytes.length; at += length) {
    scanner.read(bytes.subarray(at, at + length));
  }

  return {
    documents: scanner.documents.map((document) => Buffer.from(document).toString()),
    rest: scanner.rest(),
  };
}

test('documents keep their bytes, and the rest stays JSON', () => {
  const text =
    '{"took":1,"hits":{"total":2,"hits":[{"_id":"1","_source":{"n":1.0,"s":"}\\""}},{"_source":{}}]},"_scroll_id":"x"}';

  for (const length of [1, 2, 7, 1000]) {
    const { documents, rest } = scan(text, length);

    assert.deepEqual(documents, ['{"n":1.0,"s":"}\\""}', '{}']);
    assert.deepEqual(JSON.parse(rest), {
      took: 1,
      hits: { total: 2, hits: [{ _id: '1', _source: null }, { _source: null }] },
      _scroll_id: 'x',
    });
  }
});

test('white space between tokens changes nothing', () => {
  const text = JSON.stringify({ hits: { hits: [{ _source: { a: [1, { b: 2 }] } }] } }, null, 2);
  const { documents, rest } = scan(text, 5);

  assert.deepEqual(
    documents.map((one) => JSON.parse(one)),
    [{ a: [1, { b: 2 }] }],
  );
  assert.deepEqual(JSON.parse(rest), { hits: { hits: [{ _source: null }] } });
});

test('a key _source anywhere else, and a value _source, begin no document', () => {
  const text =
    '{"_source":{"a":1},"hits":{"_source":{},"hits":[{"x":"_source","y":{"_source":{}}}]}}';

  assert.deepEqual(scan(text, 3), { documents: [], rest: text });
});

test('any answer is taken apart into what it was made of, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.nat(40),
      (sources, cut) => {
        const hits = sources.map((_source, i) => ({ _id: `${i}`, _source, sort: [i] }));
        const { documents, rest } = scan(JSON.stringify({ hits: { hits } }), cut + 1);

        assert.deepEqual(
          documents,
          sources.map((source) => JSON.stringify(source)),
        );
        assert.deepEqual(
          JSON.parse(rest),
          JSON.parse(
            JSON.stringify({ hits: { hits: hits.map((hit) => ({ ...hit, _source: null })) } }),
          ),
        );
      },
    ),
  );
});

test('what is no JSON is not an error here', () => {
  fc.assert(fc.property(fc.string(), (text) => assert.equal(typeof scan(text, 4).rest, 'string')));
});
