// Reads Prometheus' scripts of tests of PromQL: load, clear, eval.
import { parseNumber } from '../../../packages/promql/dist/syntax/text/literals.js';
import { unquote } from '../../../packages/promql/dist/syntax/text/strings.js';

/**
 * @typedef {{ labels: Record<string, string>, values: (number | 'stale' | undefined)[] }} Described
 * @typedef {{ type: 'clear' }} Clear
 * @typedef {{ type: 'load', gap: number, series: Described[] }} Load
 * @typedef {{ type: 'eval', line: number, mode: string, time: number, expression: string, expected: Described[], number: number | undefined }} Evaluation
 */

const number = (/** @type {string} */ text) => {
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * parseNumber(text.replace(/^[-+]/, ''));
};

const milliseconds = (/** @type {string} */ text) => Math.round(number(text) * 1000);

/** Returns the values that one word describes: `1`, `_x3`, `1x4`, `1+2x3`, `stale`. */
function valuesOf(/** @type {string} */ word) {
  const repeated =
    /^(_|stale|[-+]?(?:inf|nan|[\d.]+(?:e[-+]?\d+)?))(?:([-+][\d.]+(?:e[-+]?\d+)?))?(?:x(\d+))?$/i;
  const [matched, first = '', step, times] = repeated.exec(word) ?? [];

  if (matched === undefined) {
    throw new Error(`unknown value ${word}`);
  }

  if (first === '_') {
    return Array.from({ length: Number(times ?? 1) }, () => undefined);
  }

  if (first === 'stale') {
    return ['stale'];
  }

  let value = number(first);

  return Array.from({ length: Number(times ?? 0) + 1 }, () => {
    const now = value;
    value += step ? number(step) : 0;
    return now;
  });
}

/** Reads a series: a name, labels in braces, and values. */
export function readSeries(/** @type {string} */ text) {
  const [name = ''] = /^[a-zA-Z_:][\w:]*/.exec(text) ?? [];
  let rest = text.slice(name.length);
  /** @type {Record<string, string>} */
  const labels = name ? { __name__: name } : {};

  if (rest.startsWith('{')) {
    const block =
      /^\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/.exec(rest)?.[0] ?? '';
    const label = /([a-zA-Z_]\w*)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/g;

    for (const [, key = '', value = ''] of block.matchAll(label)) {
      labels[key] = unquote(value) ?? '';
    }

    rest = rest.slice(block.length);
  }

  const words = rest.trim().split(/\s+/).filter(Boolean);

  return { labels, values: words.flatMap(valuesOf) };
}

/** Returns the lines of a block, which ends at an empty line. */
function block(/** @type {string[]} */ lines, /** @type {number} */ from) {
  const end = lines.findIndex((line, index) => index >= from && line === '');
  return lines.slice(from, end < 0 ? lines.length : end);
}

function readEvaluation(/** @type {string[]} */ lines, /** @type {number} */ at) {
  const shape = /^eval(?:_(fail|ordered))?\s+instant\s+(?:at\s+(\S+))?\s+(.+)$/;
  const [, mode = '', time = '0s', expression = ''] = shape.exec(lines[at] ?? '') ?? [];
  const results = block(lines, at + 1);
  const isNumber = /^[-+]?(?:[\d.]+(?:e[-+]?\d+)?|inf|nan)$/i.test(results[0] ?? '');

  return {
    type: /** @type {const} */ ('eval'),
    line: at + 1,
    mode,
    time: milliseconds(time),
    expression,
    number: isNumber ? number(results[0] ?? '') : undefined,
    expected: isNumber ? [] : results.map(readSeries),
  };
}

/**
 * Reads the commands of a script.
 * @param {string} text
 * @returns {(Clear | Load | Evaluation)[]}
 */
export function readScript(text) {
  const lines = text.split('\n').map((line) => (/^\s*#/.test(line) ? '' : line.trim()));
  const commands = [];

  for (const [at, line] of lines.entries()) {
    if (line === 'clear') {
      commands.push({ type: /** @type {const} */ ('clear') });
    } else if (/^load\s/.test(line)) {
      const series = block(lines, at + 1).map(readSeries);
      commands.push({
        type: /** @type {const} */ ('load'),
        gap: milliseconds(line.slice(5)),
        series,
      });
    } else if (/^eval/.test(line)) {
      commands.push(readEvaluation(lines, at));
    }
  }

  return commands;
}
