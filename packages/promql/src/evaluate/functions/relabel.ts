import { anchoredRegex } from '../../matching/regex.ts';
import { QueryError } from '../../query-api.ts';
import type { Labels } from '../data/labels.ts';

const validName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Returns the labels that a series gets. */
export type Relabel = (labels: Labels) => Labels;

function checkName(name: string, kind: string): void {
  if (!validName.test(name)) {
    throw new QueryError('execution', `invalid ${kind}: ${name}`);
  }
}

function compile(pattern: string) {
  try {
    return anchoredRegex(pattern);
  } catch {
    const message = `invalid regular expression in label_replace(): ${pattern}`;
    throw new QueryError('execution', message);
  }
}

/** Returns the replacement for the groups of a match: `$1`, `${1}`, `${name}`, `$$`. */
function expand(
  template: string,
  match: RegExpExecArray | unknown[],
  names: ReadonlyMap<string, number>,
) {
  return template.replace(/\$(?:(\$)|([a-zA-Z0-9_]+)|\{([a-zA-Z0-9_]+)\})/g, (_, ...found) => {
    const [dollar, bare, braced] = found;
    const name = String(bare ?? braced);
    const group = /^\d+$/.test(name) ? Number(name) : names.get(name);

    return dollar ?? String((group === undefined ? undefined : match[group]) ?? '');
  });
}

/** Returns what `label_replace` does with labels. */
export function labelReplace([
  target = '',
  replacement = '',
  source = '',
  pattern = '',
]: readonly string[]): Relabel {
  const regex = compile(pattern);
  const names = new Map(Object.entries(regex.namedGroups()));

  checkName(target, 'destination label name in label_replace()');

  return (labels) => {
    const match = regex.exec(labels.get(source));
    return match ? labels.with(target, expand(replacement, match, names)) : labels;
  };
}

/** Returns what `label_join` does with labels. */
export function labelJoin([target = '', separator = '', ...sources]: readonly string[]): Relabel {
  for (const source of sources) {
    checkName(source, 'source label name in label_join()');
  }

  checkName(target, 'destination label name in label_join()');

  return (labels) =>
    labels.with(target, sources.map((source) => labels.get(source)).join(separator));
}
