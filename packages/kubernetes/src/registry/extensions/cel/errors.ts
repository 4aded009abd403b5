import { CelFailure } from './failure.ts';

interface Part {
  op?: string;
  start?: number;
  end?: number;
  pos?: number;
  input?: string;
  args?: unknown;
}

/** An error of the library. */
interface CelError extends Error {
  code?: string;
  summary?: string;
  node?: Part;
  range?: { start: number; end: number };
}

/** Names of operators as cel-go's messages show them. */
const OPERATORS: Readonly<Record<string, string>> = {
  in: '@in',
  '[]': '_[_]',
  '-_': '-_',
  '!_': '!_',
};

/** cel-go's name of a type in a message. */
function typeName(name: string): string {
  if (name.startsWith('dyn<')) {
    return typeName(name.slice(4, -1));
  }

  return name
    .replace(/^list$/, 'list(dyn)')
    .replace(/^map$/, 'map(dyn, dyn)')
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace(/\boptional\(/g, 'optional_type(')
    .replace(/\bob\d+\b/g, 'object');
}

function splitTypes(list: string): string[] {
  const types: string[] = [];
  let depth = 0;
  let from = 0;

  for (let i = 0; i <= list.length; i++) {
    const char = list[i];
    if (char === '<' || char === '(') {
      depth++;
    } else if (char === '>' || char === ')') {
      depth--;
    } else if ((char === ',' && depth === 0) || i === list.length) {
      if (list.slice(from, i).trim() !== '') {
        types.push(list.slice(from, i).trim());
      }
      from = i + 1;
    }
  }

  return types;
}

function positionOf({ code, node, range }: CelError, input: string): number {
  const at = node?.pos ?? range?.start ?? 0;

  // cel-go reports `has` at its parenthesis.
  if (code === 'undefined_in_has') {
    return at + 'has'.length;
  }
  if (code === 'invalid_has' && node?.op === '[]') {
    const [object] = node.args as [Part];
    return object.end ?? at;
  }

  if (code === 'no_such_key' || (code === 'expected_bool' && node?.op === '.')) {
    // cel-go reports a selection at its dot.
    const dot = input.lastIndexOf('.', at);
    return dot < 0 ? at : dot;
  }

  if (code === 'no_matching_overload') {
    const open = input.indexOf('(', lastReceiver(node) ?? at);
    return open < 0 ? at : open;
  }

  if (code === 'no_such_overload' && Array.isArray(node?.args)) {
    const left = node.args[0] as Part | undefined;
    if (left?.end !== undefined && node.args.length === 2) {
      const rest = input.slice(left.end);
      return left.end + rest.length - rest.replace(/^[\s)]+/, '').length;
    }
  }

  return at;
}

function lastReceiver(node: Part | undefined): number | undefined {
  if (node?.op !== 'rcall' || !Array.isArray(node.args)) {
    return undefined;
  }
  return (node.args[1] as Part | undefined)?.end;
}

const knownFunctions =
  /^(size|int|uint|double|string|bool|bytes|duration|timestamp|type|dyn|startsWith|endsWith|contains|matches|charAt|indexOf|lastIndexOf|replace|split|substring|trim|lowerAscii|upperAscii|join|format|find|findAll|isSorted|sum|min|max|quantity|isQuantity|isGreaterThan|isLessThan|compareTo|add|sub|sign|ip|isIP|cidr|isCIDR|url|isURL|family|semver|isSemver|slice|flatten|sort|reverse|distinct|getFullYear|getMonth|getDate|getHours|getMinutes|getSeconds|getMilliseconds|all|exists|exists_one|map|filter|first|last)$/;

function firstLine(text: string): string {
  return text.replace(/\n.*/s, '');
}

function problemOf(error: CelError): string {
  const text = error.summary ?? firstLine(error.message);
  const variable = /^Unknown variable: (.+)$/.exec(text);
  if (variable) {
    return `undeclared reference to '${variable[1]}' (in container '')`;
  }

  const field = /^No such key: (.+)$/.exec(text);
  if (field) {
    return `undefined field '${field[1]}'`;
  }

  const overload = /^no such overload: (.+?) (==|!=|<=?|>=?|in|[-+*/%]) (.+)$/.exec(text);
  if (overload) {
    const [, left = '', operator = '', right = ''] = overload;
    const name = OPERATORS[operator] ?? `_${operator}_`;
    return `found no matching overload for '${name}' applied to '(${typeName(left)}, ${typeName(right)})'`;
  }

  const call = /^found no matching overload for '(?:(.+)\.)?(\w+)\((.*)\)'$/.exec(text);
  if (call) {
    const [, receiver, name = '', types = ''] = call;
    if (!knownFunctions.test(name)) {
      return `undeclared reference to '${name}' (in container '')`;
    }

    const given = `(${splitTypes(types).map(typeName).join(', ')})`;

    return `found no matching overload for '${name}' applied to '${receiver === undefined ? '' : `${typeName(receiver)}.`}${given}'`;
  }

  return error.name === 'ParseError' ? `Syntax error: ${syntaxProblem(text)}` : text;
}

/** The tokens that can begin an expression, as cel-go's parser lists them. */
const BEGINNINGS =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** Syntax errors have cel-go's text where its parser has a short one; others keep the library's. */
function syntaxProblem(text: string): string {
  if (text === 'Expected IDENTIFIER, got EOF') {
    return "no viable alternative at input '.'";
  }
  if (text === 'Unexpected token: EOF') {
    return `mismatched input '<EOF>' expecting ${BEGINNINGS}`;
  }

  return text;
}

/** A compile error as cel-go formats it: position, problem, and the line with a mark below. */
export function compileError(expression: string, thrown: unknown): string {
  const error = thrown as CelError;
  const at = Math.min(positionOf(error, expression), expression.length);
  const before = expression.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1);
  const shown = expression.split('\n')[line - 1] ?? '';

  return `ERROR: <input>:${line}:${column + 1}: ${problemOf(error)}\n | ${shown}\n | ${'.'.repeat(column)}^`;
}

/** An evaluation error as cel-go words it. */
export function evaluationError(thrown: unknown): string {
  if (thrown instanceof CelFailure) {
    return thrown.message;
  }

  const { code, summary, message } = thrown as CelError;
  const text = summary ?? firstLine(message);

  switch (code) {
    case 'no_such_key':
      return text.replace('No such key', 'no such key');
    case 'index_out_of_bounds':
      return `index out of bounds: ${/index (-?\d+)/.exec(text)?.[1] ?? ''}`;
    case 'no_such_overload':
    case 'no_matching_overload':
      return 'no such overload';
    case 'optional_value_missing':
      return 'optional.none() dereference';
    case 'numeric_overflow':
      return 'integer overflow';
    case 'unknown_variable':
      return text.replace(/^Unknown variable: (.+)$/, 'no such attribute(s): $1');
    default:
      return conversionProblem(text) ?? text;
  }
}

/** The error for a text that cannot be converted. */
function conversionProblem(text: string): string | undefined {
  const type =
    /^(int|uint|double|bool|timestamp|duration)\(\) (?:type error|conversion error|requires)|^(?:Invalid (duration|timestamp))/.exec(
      text,
    );

  const name = type?.[1] ?? type?.[2];
  if (name === undefined) {
    return undefined;
  }

  const types: Readonly<Record<string, string>> = {
    timestamp: 'google.protobuf.Timestamp',
    duration: 'google.protobuf.Duration',
  };

  return `type conversion error from 'string' to '${types[name] ?? name}'`;
}
