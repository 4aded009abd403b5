import { maxNesting } from '@ks-apiserver/apimachinery/json/json';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { fieldOf, itemsOf, type KnownField } from '@ks-apiserver/apimachinery/schema/prune';
import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { MAX_ENTRIES, tooManyEntries } from './json-size.ts';
import { lineCounter, type ParsedText } from './json-text.ts';
import { StrictErrors } from './strict-errors.ts';
import { KUBERNETES_SCHEMA } from './yaml-schema.ts';

/** libyaml's error for a tab in the indentation. */
const TAB = 'found character that cannot start any token';

/** libyaml's words, which Kubernetes shows, for errors of this server's parser. */
const WORDS: readonly [reason: RegExp, words: string][] = [
  [/^tab characters must not be used in indentation/, TAB],
  [/^bad indentation of a mapping entry/, 'mapping values are not allowed in this context'],
  [/^(deficient|bad) indentation|^expected the node content/, 'did not find expected node content'],
  [/within a flow collection|^missed comma/, "did not find expected ',' or ']'"],
  [
    /^end of the stream or a document separator is expected/,
    'did not find expected <document start>',
  ],
  [/^can not read a block mapping entry|^expected ':'/, "could not find expected ':'"],
];

/** Most values that aliases may add to a document. */
const MAX_ALIASED = 100_000;

function translateError(error: unknown): Error {
  if (!(error instanceof YAMLException)) {
    return error instanceof Error ? error : new Error(String(error));
  }

  const { position = 0, column = 0, buffer = '' } = error.mark ?? {};
  const isTabbed = buffer[position - column] === '\t';
  const [, known] = WORDS.find(([reason]) => reason.test(error.reason)) ?? [];
  const words = isTabbed ? TAB : (known ?? error.reason);
  const line = (error.mark?.line ?? 0) + 1;

  return new Error(`${line > 1 ? `line ${line}: ` : ''}${words}`);
}

/** The first document of a text; the rest is ignored. */
function firstDocument(text: string): string {
  const marker = /^(?:---|\.\.\.)(?=\s|$)/gm;
  let begun = false;

  for (let found = marker.exec(text); found; found = marker.exec(text)) {
    // A marker ends a document, or begins the first one where only comments and directives come
    // before it.
    const isBegin = !begun && found[0] === '---' && isPreamble(text, found.index);
    if (!isBegin) {
      return text.slice(0, found.index);
    }

    begun = true;
  }

  return text;
}

function isPreamble(text: string, end: number): boolean {
  return text
    .slice(0, end)
    .split('\n')
    .every((line) => /^(?:[#%]|\s*(?:#|$))/.test(line));
}

/**
 * Copies a value so that nothing is shared; throws where aliases expand to far more than the text
 * has.
 */
function copyUnshared(value: unknown, budget: { left: number }): unknown {
  if (--budget.left < 0) {
    throw new Error('document contains excessive aliasing');
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => copyUnshared(item, budget));
  }

  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, copyUnshared(item, budget)]),
  );
}

/** How a value is walked. */
interface WalkOptions {
  /** True for the document itself. */
  isRoot?: boolean;
  /** True inside of keys and of unknown fields, of which nothing is reported. */
  isSilent?: boolean | undefined;
}

/** Walks the events of a document, which come in the order of the text. */
class EventWalk {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #errors: StrictErrors;
  readonly #lineOf: (at: number) => number;
  readonly #path: (string | number)[] = [];
  #next = 1;

  constructor(text: string, events: readonly Event[], errors: StrictErrors) {
    this.#text = text;
    this.#events = events;
    this.#errors = errors;
    this.#lineOf = lineCounter(text);
  }

  /** Reports the keys that the document repeats, and the fields that a schema does not know. */
  report(schema: KnownField): void {
    this.#value(schema, { isRoot: true });
  }

  #startOf(event: Event): number {
    if (event.type === EVENT_ID.SCALAR) {
      return event.valueStart;
    }
    if ('start' in event) {
      return event.start;
    }

    return 'anchorStart' in event ? event.anchorStart : -1;
  }

  #value(schema: KnownField, options: WalkOptions = {}): void {
    const event = this.#event();
    this.#next++;

    if (event.type === EVENT_ID.SEQUENCE) {
      this.#sequence(itemsOf(schema), options);
    } else if (event.type === EVENT_ID.MAPPING) {
      this.#mapping(schema, options);
    }
  }

  #event(): Event {
    const event = this.#events[this.#next];
    if (!event) {
      throw internalError('the events of a YAML document end too early');
    }

    return event;
  }

  #isOver(): boolean {
    return this.#event().type === EVENT_ID.POP;
  }

  #sequence(items: KnownField, { isSilent }: WalkOptions): void {
    for (let index = 0; !this.#isOver(); index++) {
      this.#path.push(index);
      this.#value(items, { isSilent });
      this.#path.pop();
    }

    this.#next++;
  }

  #mapping(schema: KnownField, { isRoot = false, isSilent = false }: WalkOptions): void {
    const seen = new Set<string>();

    while (!this.#isOver()) {
      const key = this.#event();
      const name = key.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : '';

      this.#value('open', { isSilent: true });

      const start = this.#startOf(this.#event());
      const known = fieldOf(schema, name, { isRoot });

      this.#path.push(name);

      if (!isSilent && seen.has(name)) {
        const line = this.#lineOf(start >= 0 ? start : this.#startOf(key));
        this.#errors.add(`line ${line}: key ${JSON.stringify(name)} already set in map`);
      }

      if (!isSilent && known === 'unknown' && name !== '<<') {
        this.#errors.unknown(this.#path);
      }

      seen.add(name);
      this.#value(known, { isSilent: isSilent || known === 'unknown' });
      this.#path.pop();
    }

    this.#next++;
  }
}

/**
 * Parses the first document of a YAML 1.1 text as Kubernetes does; throws an error in libyaml's
 * words.
 */
export function parseYaml(whole: string): ParsedText {
  const text = firstDocument(whole);

  try {
    const events = parseEvents(text, { maxDepth: maxNesting });
    if (events.length > 2 * MAX_ENTRIES) {
      throw tooManyEntries();
    }

    const options = { source: text, schema: KUBERNETES_SCHEMA };
    let isRepeated = false;
    let value: unknown;

    try {
      [value] = constructFromEvents(events, options);
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') {
        throw error;
      }

      isRepeated = true;
      [value] = constructFromEvents(events, { ...options, json: true });
    }

    const isAliased = events.some(({ type }) => type === EVENT_ID.ALIAS);
    if (isAliased) {
      value = copyUnshared(value, { left: events.length + MAX_ALIASED });
    }
    if (!isRepeated) {
      return { value: value ?? null };
    }

    return {
      value,
      strictErrors: (schema) => {
        const errors = new StrictErrors();
        new EventWalk(text, events, errors).report(schema);
        return errors.list();
      },
    };
  } catch (error) {
    throw translateError(error);
  }
}
