import { stripVTControlCharacters } from 'node:util';

const ESCAPE = '\u001b';
const NUL = '\0';
const NON_ASCII = /[^\0-\x7f]/;
const IDEOGRAPHS = /[\p{Script=Han}\p{Script=Hiragana}]/gu;
const WORDS = /[\p{L}\p{N}\p{M}\p{Co}_]+/gu;

/** Most characters of a text that are searched for words. */
const MAX_INDEXED = 32_768;

/**
 * Returns the part of a text in which words are searched: without the codes by which terminals show
 * colours, and with ideographs apart from each other, each of which is a word.
 */
export function indexedText(text: string): string {
  const start = text.length > MAX_INDEXED ? text.slice(0, MAX_INDEXED) : text;
  const shown = start.includes(ESCAPE) ? stripVTControlCharacters(start) : start;
  // SQLite takes it for the end of a text.
  const plain = shown.includes(NUL) ? shown.replaceAll(NUL, ' ') : shown;

  return NON_ASCII.test(plain) ? plain.replace(IDEOGRAPHS, ' $& ') : plain;
}

/** Returns the words of a text in small letters: letters, digits and underscores in a row. */
export function wordsOf(text: string): string[] {
  return indexedText(text).toLowerCase().match(WORDS) ?? [];
}

/** Returns the words of a text with a space before and behind each. */
export function spacedWords(text: string): string {
  const words = wordsOf(text);
  return words.length === 0 ? '' : ` ${words.join(' ')} `;
}
