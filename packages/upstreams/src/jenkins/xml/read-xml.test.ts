import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { element } from './element.ts';
import { readXml } from './read-xml.ts';
import { writeXml } from './write-xml.ts';
import { XmlError } from './xml-text.ts';

const text = fc.string({ unit: 'binary' }).filter((value) => !/[\0\uFFFE\uFFFF]/.test(value));
test('any text is read as it was written, in an element and in an attribute', () => {
  fc.assert(
    fc.property(text, text, (content, attribute) => {
      const root = element('a', [element('b', content, { c: attribute })]);

      assert.deepEqual(readXml(writeXml(root)), root);
    }),
  );
});

test('reading any text ends with a document or an XmlError', () => {
  const pieces = fc.constantFrom(
    '<a>',
    '</a>',
    '<b/>',
    '&lt;',
    '&x;',
    '&#0;',
    ']]>',
    '<![CDATA[',
    '<!--',
    'x',
    ' c="',
    '"',
    '<?',
  );

  fc.assert(
    fc.property(
      fc.array(pieces).map((parts) => parts.join('')),
      (source) => {
        try {
          readXml(source);
        } catch (error) {
          assert.ok(error instanceof XmlError, String(error));
        }
      },
    ),
  );
});

for (const [name, document] of [
  [
    'with entities that grow',
    `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(100)}"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>`,
  ],
  ['with a file of the machine', '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'],
  ['with a reference to nothing', '<a>&b;</a>'],
  ['that is nested without end', '<a>'.repeat(100_000) + '</a>'.repeat(100_000)],
  ['with a name of JavaScript', '<__proto__>x</__proto__>'],
  ['with two roots', '<a/><b/>'],
  ['that is not closed', '<a><b></a>'],
] as const) {
  test(`a document ${name} is refused`, () => {
    assert.throws(() => readXml(document), XmlError);
  });
}
