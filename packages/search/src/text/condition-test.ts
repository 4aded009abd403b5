import type { Condition } from '../query/search.ts';
import { isPodOf } from './pod-names.ts';
import { wildcardTest } from './wildcard.ts';
import { spacedWords, wordsOf } from './words.ts';

/** Tests the value of a field; '' for a document that has none. */
export type ValueTest = (value: string) => boolean;

function phraseTest(value: string, end: '' | ' '): ValueTest {
  const words = wordsOf(value);
  const wanted = ` ${words.join(' ')}${end}`;

  return words.length === 0 ? () => false : (text) => spacedWords(text).includes(wanted);
}

function wordTest(pattern: string): ValueTest {
  const matches = wildcardTest(pattern);
  return (text) => wordsOf(text).some(matches);
}

/** Returns the test that a condition makes of values of its field. */
export function conditionTest(condition: Condition): ValueTest {
  const isText = condition.field.type === 'text';

  switch (condition.match) {
    case 'phrase':
      return isText ? phraseTest(condition.value, ' ') : (value) => value === condition.value;
    case 'phrase-prefix':
      return isText
        ? phraseTest(condition.value, '')
        : (value) => value.startsWith(condition.value);
    case 'wildcard':
      return isText ? wordTest(condition.pattern) : wildcardTest(condition.pattern);
    case 'pod-of':
      return (value) => isPodOf(condition.workload, value);
    case 'number':
      return (value) => Number(value) === condition.value;
  }
}
