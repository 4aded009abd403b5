import { type Labels, labelPairs, NAME_LABEL } from '../labels/labels.ts';

/** Returns a number as the text formats write it. */
export function numberText(value: number): string {
  switch (value) {
    case Number.POSITIVE_INFINITY:
      return '+Inf';
    case Number.NEGATIVE_INFINITY:
      return '-Inf';
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function escapeValue(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replace(/[\\"\n]/g, (special) => (special === '\n' ? '\\n' : `\\${special}`))
    : value;
}

/** Returns the part of a line that names a series, `up{job="a"}`. */
export function seriesText(labels: Labels): string {
  const parts: string[] = [];
  let metric = '';

  for (const [name, value] of labelPairs(labels)) {
    if (name === NAME_LABEL) {
      metric = value;
    } else {
      parts.push(`${name}="${escapeValue(value)}"`);
    }
  }

  return parts.length === 0 ? metric : `${metric}{${parts.join(',')}}`;
}

/**
 * Returns the bytes of a page as characters, as its reader takes them: searching in texts of one
 * byte a character is fast.
 */
export function bytesAsText(page: string): string {
  return Buffer.from(page).toString('latin1');
}

/** Writes a page of metrics line by line. */
export class PageText {
  #text = '';

  /** Adds a sample; labels that are undefined or empty are left out. */
  add(metric: string, labels: Readonly<Record<string, string | undefined>>, value: number): this {
    let text = '';

    for (const name of Object.keys(labels)) {
      const label = labels[name];
      if (label) {
        text += `${text === '' ? '{' : ','}${name}="${escapeValue(label)}"`;
      }
    }

    this.#text += `${metric}${text}${text === '' ? ' ' : '} '}${numberText(value)}\n`;

    return this;
  }

  /** Describes a metric, before its samples. */
  describe(metric: string, type: 'counter' | 'gauge', help: string): this {
    this.#text += `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n`;
    return this;
  }

  toString(): string {
    return this.#text;
  }
}
