/** One step of a path: a field, an index, all elements, or those whose field has a value. */
type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | {
      kind: 'filter';
      field: readonly string[];
      operator: '==' | '!=';
      value: string | number | boolean;
    };

/** A parsed path of the subset of JSONPath that printer columns use. */
export type JsonPath = readonly Step[];

const step =
  /^(?:\.?\[\s*\?\(\s*@((?:\.[\w/-]+)+)\s*(==|!=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|true|false)\s*\)\s*\]|\.?\[\s*(-?\d+)\s*\]|\.?(?:\[\s*\*\s*\]|\*)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\.((?:[^.[\]\\]|\\.)+))/;
const maxLength = 1024;
const maxResults = 1000;

function unquote(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function literal(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') {
    return text === 'true';
  }
  return /^["']/.test(text) ? unquote(text.slice(1, -1)) : Number(text);
}

/**
 * Parses `.spec.x`, `['x']`, `[0]`, `[*]` and `[?(@.type=="Ready")]`, with or without braces;
 * undefined for anything else, which a printer column then shows as empty. Nothing is ever
 * evaluated.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  let rest = text
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .trim();

  if (rest.length > maxLength) {
    return undefined;
  }
  if (rest.startsWith('$')) {
    rest = rest.slice(1);
  }

  const steps: Step[] = [];

  while (rest !== '') {
    const found = step.exec(rest);
    if (found === null) {
      return undefined;
    }

    const [all, field, operator, value, index, single, double, name] = found;
    const quoted = single ?? double ?? name;
    if (field !== undefined) {
      steps.push({
        kind: 'filter',
        field: field.slice(1).split('.'),
        operator: operator as '==' | '!=',
        value: literal(value ?? ''),
      });
    } else if (index !== undefined) {
      steps.push({ kind: 'index', index: Number(index) });
    } else if (quoted !== undefined) {
      steps.push({ kind: 'field', name: unquote(quoted) });
    } else {
      steps.push({ kind: 'all' });
    }

    rest = rest.slice(all.length);
  }

  return steps;
}

function getOwnValue(value: unknown, name: string): unknown {
  return typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function advance(value: unknown, at: Step): unknown[] {
  switch (at.kind) {
    case 'field':
      return [getOwnValue(value, at.name)];
    case 'index':
      return Array.isArray(value) ? [value.at(at.index)] : [];
    case 'all':
      return typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'filter':
      if (!Array.isArray(value)) {
        return [];
      }

      return value.filter((item) => {
        const actual = at.field.reduce(getOwnValue, item as unknown);
        return actual !== undefined && (actual === at.value) === (at.operator === '==');
      });
  }
}

/** The values that a path finds; 1000 at most. */
export function findJsonPath(value: unknown, path: JsonPath): unknown[] {
  let values: unknown[] = [value];

  for (const at of path) {
    values = values.flatMap((item) => advance(item, at)).filter((item) => item !== undefined);
    if (values.length > maxResults) {
      values.length = maxResults;
    }
  }

  return values;
}
