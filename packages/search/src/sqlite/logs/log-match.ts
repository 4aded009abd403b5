import { LOG_FIELDS } from '../../query/documents.ts';
import type { AnyOf, Condition } from '../../query/search.ts';
import { SearchError } from '../../query/search-backend.ts';
import { indexedText, wordsOf } from '../../text/words.ts';
import { namespaceWord, withoutMarks } from './log-schema.ts';

/** Fields that are the same for all lines of a source. */
const SOURCE_PATHS: ReadonlySet<string> = new Set([
  LOG_FIELDS.namespace.path,
  LOG_FIELDS.pod.path,
  LOG_FIELDS.container.path,
]);

/** The conditions of a search: on sources, and on the words of lines. */
export interface SplitConditions {
  readonly onSources: readonly AnyOf[];
  readonly onWords: readonly AnyOf[];
}

/** Separates conditions. Throws a SearchError for those on other fields. */
export function splitConditions(conditions: readonly AnyOf[]): SplitConditions {
  const onSources = conditions.filter((any) =>
    any.every(({ field }) => SOURCE_PATHS.has(field.path)),
  );
  const onWords = conditions.filter((any) =>
    any.every(({ field }) => field.path === LOG_FIELDS.log.path),
  );

  if (onSources.length + onWords.length !== conditions.length) {
    throw new SearchError('refused', 'logs cannot be searched by this field here');
  }

  return { onSources, onWords };
}

/** Returns a phrase of FTS5's query language; undefined for a text without words. */
function phraseOf(condition: Condition): string | undefined {
  if (condition.match !== 'phrase' && condition.match !== 'phrase-prefix') {
    throw new SearchError('refused', 'lines are searched by phrases only');
  }

  const { value } = condition;
  if (wordsOf(value).length === 0) {
    return undefined;
  }

  const text = withoutMarks(indexedText(value)).replaceAll('"', ' ').replaceAll('\0', ' ');

  return `"${text}"${condition.match === 'phrase-prefix' ? ' *' : ''}`;
}

/**
 * Returns the query of FTS5 for conditions on words; undefined if there are none, '' if no line can
 * match.
 */
export function matchOf(conditions: readonly AnyOf[]): string | undefined {
  if (conditions.length === 0) {
    return undefined;
  }

  const parts = conditions.map((any) => any.flatMap((condition) => phraseOf(condition) ?? []));

  return parts.some((phrases) => phrases.length === 0)
    ? ''
    : parts.map((phrases) => `(${phrases.join(' OR ')})`).join(' AND ');
}

/** Restricts a query of FTS5 to lines of namespaces. */
export function inNamespaces(match: string, namespaces: readonly number[]): string {
  const words = namespaces.map((id) => `"${namespaceWord(id)}"`).join(' OR ');
  return `(${match}) AND (${words})`;
}
