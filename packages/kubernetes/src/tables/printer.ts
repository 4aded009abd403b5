import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/**
 * A column of a Table (meta/v1 TableColumnDefinition); `priority` 1 is shown only by `kubectl get
 * -o wide`.
 */
export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format: string;
  description: string;
  priority: number;
}

/** One cell of a row. */
export type Cell = string | number | boolean | null;

/** How a kind is shown as a table. */
export interface Printer {
  columns: readonly TableColumn[];
  /** Cells of an object's row, one a column; `now` in milliseconds. */
  cells(object: KubeObject, now: number): Cell[];
}

/**
 * A printer from names of columns: `Name|Ready#|IP*`, `#` marks integers, `?` booleans, `*` columns
 * of `-o wide`.
 */
export function printer(
  columns: string,
  cells: (object: KubeObject, now: number) => Cell[],
): Printer {
  return {
    columns: columns.split('|').map((text) => {
      const name = text.replace(/[#?*]+$/, '');
      let type: TableColumn['type'] = name === 'Created At' ? 'date' : 'string';

      if (/#\*?$/.test(text)) {
        type = 'integer';
      }
      if (/\?\*?$/.test(text)) {
        type = 'boolean';
      }

      const format = name === 'Name' ? 'name' : '';

      return {
        name,
        type,
        format,
        description: describe(name),
        priority: text.endsWith('*') ? 1 : 0,
      };
    }),
    cells,
  };
}

function describe(name: string): string {
  if (name === 'Name') {
    return 'Name of the object, unique in its namespace and kind.';
  }
  if (name === 'Age') {
    return 'Time since the object was created.';
  }

  return `${name} of the object.`;
}

/** A period in milliseconds as kubectl shows it: `45s`, `5m10s`, `3d4h`, `2y`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) {
    return '<invalid>';
  }
  if (seconds < 0) {
    return '0s';
  }
  if (seconds < 120) {
    return `${seconds}s`;
  }

  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) {
    return formatTwoUnits(minutes, 'm', seconds % 60, 's');
  }
  if (minutes < 180) {
    return `${minutes}m`;
  }

  const hours = Math.floor(minutes / 60);
  if (hours < 8) {
    return formatTwoUnits(hours, 'h', minutes % 60, 'm');
  }
  if (hours < 48) {
    return `${hours}h`;
  }

  const days = Math.floor(hours / 24);

  if (hours < 192) {
    return formatTwoUnits(days, 'd', hours % 24, 'h');
  }
  if (days < 730) {
    return `${days}d`;
  }

  const years = Math.floor(days / 365);

  return years < 8 ? formatTwoUnits(years, 'y', days % 365, 'd') : `${years}y`;
}

function formatTwoUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** Time since an RFC 3339 time, `<unknown>` without one. */
export function since(time: unknown, now: number): string {
  const then = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : humanDuration(now - then);
}

/** The Age cell of an object. */
export function age(object: KubeObject, now: number): string {
  return since(object.metadata.creationTimestamp, now);
}

/** A text, or `<none>`. */
export function orNone(text: unknown): string {
  return typeof text === 'string' && text !== '' ? text : '<none>';
}

/** Labels as `a=b,c=d`, sorted, `<none>` without any. */
export function labelsText(labels: Readonly<Record<string, unknown>> | null | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}

function compareText(a: string, b: string): number {
  if (a === b) {
    return 0;
  }

  return a < b ? -1 : 1;
}

/** A label selector of an object as kubectl shows it: `a=b,c in (d,e),!f`. */
export function selectorText(selector: unknown): string {
  const { matchLabels, matchExpressions } = (selector ?? {}) as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };

  const parts = Object.entries(matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));

  for (const { key, operator, values = [] } of matchExpressions ?? []) {
    if (operator === 'Exists') {
      parts.push({ key, text: key });
    } else if (operator === 'DoesNotExist') {
      parts.push({ key, text: `!${key}` });
    } else {
      parts.push({
        key,
        text: `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`,
      });
    }
  }

  if (parts.length === 0) {
    return '<none>';
  }

  return parts
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ text }) => text)
    .join(',');
}

/** Names and images of a pod spec's containers, each joined by commas. */
export function containersOf(podSpec: unknown): [names: string, images: string] {
  const containers = (
    (podSpec as { containers?: { name?: string; image?: string }[] })?.containers ?? []
  ).filter(Boolean);

  return [
    containers.map(({ name }) => name ?? '').join(','),
    containers.map(({ image }) => image ?? '').join(','),
  ];
}

/** The first `limit` of a list of texts, with a hint how many more there are; `<none>` for none. */
export function listWithMore(texts: readonly string[], limit = 3): string {
  if (texts.length === 0) {
    return '<none>';
  }

  const shown = texts.slice(0, limit).join(',');
  return texts.length > limit ? `${shown} + ${texts.length - limit} more...` : shown;
}
