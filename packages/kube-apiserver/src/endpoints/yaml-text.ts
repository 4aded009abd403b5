import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type Tags } from 'yaml';
import type { ParsedText } from './json-text.ts';

/** What libyaml, and so Kubernetes, says where the parser of this server has other words. */
const WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'found character that cannot start any token',
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  BAD_INDENT: 'did not find expected node content',
  MISSING_CHAR: 'did not find expected key',
};

/** The types of scalars that Kubernetes knows: those of YAML 1.1 without times and numbers to the base of sixty. */
function knownTags(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return true;
    return tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME');
  });
}

function lineOf(node: Node, lines: LineCounter): number {
  return lines.linePos(node.range?.[0] ?? 0).line;
}

interface Walk {
  lines: LineCounter;
  fields: string[];
  repeated: Map<string, { line: number; key: string }>;
}

function walk(node: unknown, path: string, found: Walk): void {
  if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, `${path}[${i}]`, found);
  if (!isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const at = path === '' ? name : `${path}.${name}`;
    found.fields.push(at);
    if (seen.has(name)) found.repeated.set(at, { line: lineOf((value ?? key) as Node, found.lines), key: name });
    seen.add(name);
    walk(value, at, found);
  }
}

/** Parses the first document of a YAML text as Kubernetes does, by the rules of YAML 1.1; throws an error with why it cannot. */
export function parseYaml(text: string): ParsedText {
  const lines = new LineCounter();
  const options = { version: '1.1', uniqueKeys: false, lineCounter: lines, customTags: knownTags } as const;
  const documents = parseAllDocuments(text, options);
  const first = 'empty' in documents ? undefined : documents[0];
  if (!first) return { value: null };
  const error = first.errors[0];
  if (error) {
    const line = error.linePos?.[0].line ?? 1;
    const words = WORDS[error.code] ?? error.message.split('\n')[0]!.replace(/ at line .*/, '');
    throw new Error(`${line > 1 ? `line ${line}: ` : ''}${words}`);
  }
  const value: unknown = first.toJS({ maxAliasCount: 100 });
  const found: Walk = { lines, fields: [], repeated: new Map() };
  walk(first.contents, '', found);
  if (found.repeated.size === 0) return { value };
  const tell = (path: string) => {
    const { line, key } = found.repeated.get(path)!;
    return `line ${line}: key ${JSON.stringify(key)} already set in map`;
  };
  return { value, fields: found.fields, repeated: new Set(found.repeated.keys()), tell };
}
