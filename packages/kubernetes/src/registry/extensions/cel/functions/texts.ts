import { compilePattern } from '@ks-apiserver/apimachinery/schema/pattern';
import type { Environment } from '@marcbachmann/cel-js';
import { CelFailure } from '../failure.ts';
import { type Macro, macro } from '../macro.ts';
import { durationText, timeText } from './conversions.ts';

function pattern(text: string) {
  const expression = compilePattern(text);
  if (!expression) {
    throw new CelFailure(`Illegal regex: error parsing regexp: ${text}`);
  }

  return expression;
}

function findAll(text: string, expression: string, limit: number): string[] {
  const found: string[] = [];
  const matcher = pattern(expression).matcher(text);
  while ((limit < 0 || found.length < limit) && matcher.find()) {
    found.push(matcher.group() ?? '');
  }

  return found;
}

function replace(text: string, old: string, by: string, limit: number): string {
  if (limit < 0) {
    return text.replaceAll(old, () => by);
  }

  let result = text;
  let from = 0;

  for (let i = 0; i < limit; i++) {
    const at = result.indexOf(old, from);
    if (at < 0) {
      break;
    }

    result = result.slice(0, at) + by + result.slice(at + old.length);
    from = at + by.length + (old === '' ? 1 : 0);
  }

  return result;
}

/** A number as Go prints it: its exponent has at least two digits. */
const numberText = (value: number) => String(value).replace(/e([+-])(\d)$/, 'e$10$2');

/** Formats a value inside of a list or map. */
function inner(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  return typeof value === 'number' ? value.toFixed(6) : formatNested(value);
}

function isDuration(value: unknown): value is { seconds: bigint; nanos: number } {
  return typeof (value as { seconds?: unknown } | null)?.seconds === 'bigint';
}

function formatNested(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number') {
    return numberText(value);
  }
  if (value instanceof Date) {
    return timeText(value);
  }
  if (isDuration(value)) {
    return durationText(value);
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString();
  }
  if (Array.isArray(value)) {
    return `[${value.map(inner).join(', ')}]`;
  }

  if (value !== null && typeof value === 'object' && value.constructor === Object) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${inner(key)}:${inner(item)}`).join(', ')}}`;
  }

  return String(value).replace(/^Type<(.*)>$/, '$1');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number with its exponent as cel-go's `%e` writes it: `1.500000×10⁰⁰`. */
function scientific(value: number): string {
  const [, digits = '', sign = '', exponent = ''] =
    /^(.*)e([+-])(\d+)$/.exec(value.toExponential(6)) ?? [];
  const raised = exponent
    .padStart(2, '0')
    .replace(/\d/g, (digit) => SUPERSCRIPTS.charAt(Number(digit)));
  return `${digits}×10${sign === '-' ? '⁻' : ''}${raised}`;
}

/** `%s`, `%d`, `%f`, `%e`, `%b`, `%x`, `%X`, `%o` and `%%` as cel-go's `format` takes them. */
function formatted(text: string, values: readonly unknown[]): string {
  let next = 0;

  return text.replace(
    /%(?:\.(\d+))?([sdfebxXo%])/g,
    (_whole, precision: string | undefined, verb: string) => {
      if (verb === '%') {
        return '%';
      }
      if (next >= values.length) {
        throw new CelFailure(`index ${next} out of range`);
      }

      const value = values[next++];
      const digits = precision === undefined ? 6 : Number(precision);

      const base = (radix: number) =>
        typeof value === 'string' || value instanceof Uint8Array
          ? Buffer.from(value as string).toString('hex')
          : BigInt(value as bigint).toString(radix);

      switch (verb) {
        case 's':
          return formatNested(value);
        case 'd':
          return String(value);
        case 'f':
          return Number(value).toFixed(digits);
        case 'e':
          return scientific(Number(value));
        case 'b':
          return typeof value === 'boolean' ? String(Number(value)) : base(2);
        case 'o':
          return base(8);
        case 'x':
          return base(16);
        default:
          return base(16).toUpperCase();
      }
    },
  );
}

/** `matches` in RE2 syntax, in linear time; the library's own can backtrack without limit. */
const matches: Macro = {
  check(checker, [receiver, expression], context, node) {
    for (const argument of [receiver, expression]) {
      const type = checker.check(argument, context);
      if (type.name === 'string' || type.kind === 'dyn') {
        continue;
      }

      throw checker.createError(
        'no_matching_overload',
        `found no matching overload for '${checker.check(receiver, context).name}.matches(${checker.check(expression, context).name})'`,
        node,
      );
    }

    const { op, args } = expression;
    if (op === 'value' && typeof args === 'string' && !compilePattern(args)) {
      throw checker.createError('invalid_literal', 'invalid matches argument', expression);
    }

    return checker.getType('bool');
  },
  evaluate(run, [receiver, expression]) {
    const [text, by] = [run(receiver), run(expression)];
    if (typeof text !== 'string' || typeof by !== 'string') {
      throw new CelFailure('no such overload');
    }

    return pattern(by).test(text);
  },
};

/** Functions of texts: cel-go's strings extension and Kubernetes' regex library. */
export function addTexts(environment: Environment): void {
  environment
    // The library finds a macro by its name alone, and allows no replacement of its string
    // functions.
    .registerFunction('list.matches(ast): bool', macro(matches))
    .registerFunction('matches(ast, ast): bool', macro(matches))
    .registerFunction(
      'string.find(string): string',
      (text: string, by: string) => findAll(text, by, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, by: string) =>
      findAll(text, by, -1),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, by: string, limit: bigint) => findAll(text, by, Number(limit)),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => {
      const characters = [...text];
      if (at < 0n || at > BigInt(characters.length)) {
        throw new CelFailure(`index out of range: ${at}`);
      }

      return characters[Number(at)] ?? '';
    })
    .registerFunction(
      'string.replace(string, string): string',
      (text: string, old: string, by: string) => replace(text, old, by, -1),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, old: string, by: string, limit: bigint) =>
        replace(text, old, by, Number(limit)),
    )
    .registerFunction('string.format(list): string', (text: string, values: unknown[]) =>
      formatted(text, values),
    );

  class Strings {}

  environment
    .registerType('kubernetes.Strings', Strings)
    .registerConstant('strings', 'kubernetes.Strings', new Strings())
    .registerFunction('kubernetes.Strings.quote(string): string', (_: Strings, text: string) =>
      JSON.stringify(text),
    );
}
