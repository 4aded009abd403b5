import type { DocumentKind } from '../../query/documents.ts';

/** How names of indices begin, for each kind of documents. */
export type IndexPrefixes = Readonly<Record<DocumentKind, string>>;

/** Names that KubeSphere's installers give, whatever is configured. */
const CUSTOMARY: readonly (readonly [RegExp, DocumentKind])[] = [
  [/(^|-)events?(-|$)/, 'events'],
  [/(^|-)audit(ing)?(-|$)/, 'auditing'],
];

/**
 * Returns the kind of the documents that are sent to an index: by the configured prefixes, else by
 * the words in its name; all others are logs.
 */
export function kindOfIndex(index: string, prefixes: IndexPrefixes): DocumentKind {
  const kinds = ['events', 'auditing', 'logs'] as const;

  // The longest prefix counts: one may be the beginning of another.
  const [named] = kinds
    .filter((kind) => prefixes[kind] !== '' && index.startsWith(prefixes[kind]))
    .sort((a, b) => prefixes[b].length - prefixes[a].length);

  return named ?? CUSTOMARY.find(([pattern]) => pattern.test(index))?.[1] ?? 'logs';
}
