import { findJsonPath, parseJsonPath } from './json-path.ts';
import { age, type Cell, type Printer, printer, since, type TableColumn } from './printer.ts';

/** A column of a CRD (apiextensions.k8s.io/v1 CustomResourceColumnDefinition). */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

/** A value as Go prints it with `%v`: Kubernetes prints objects and lists so. */
function goText(value: unknown): string {
  if (value === null) {
    return '<nil>';
  }
  if (Array.isArray(value)) {
    return JSON.stringify(value);
  }

  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function cell(values: readonly unknown[], type: string, now: number): Cell {
  const [first] = values;
  if (first === undefined || first === null) {
    return null;
  }

  switch (type) {
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    case 'date': {
      if (typeof first !== 'string') {
        return null;
      }

      const text = since(first, now);
      return text === '<unknown>' ? '<invalid>' : text;
    }
    default:
      return goText(first);
  }
}

/** Name and time of creation, for built-in kinds without columns of their own. */
export const defaultPrinter: Printer = printer('Name|Created At', (object) => [
  object.metadata.name ?? '',
  object.metadata.creationTimestamp ?? '',
]);

const nameAndAge = printer('Name|Age', (object, now) => [
  object.metadata.name ?? '',
  age(object, now),
]);

/** Name and Age, for CRDs without columns of their own. */
export const plainPrinter: Printer = {
  ...nameAndAge,
  columns: nameAndAge.columns.map((column) =>
    column.name === 'Age' ? { ...column, type: 'date' } : column,
  ),
};

/** A printer for a CRD's columns, after the name. */
export function customPrinter(columns: readonly PrinterColumn[]): Printer {
  const paths = columns.map(({ jsonPath }) => parseJsonPath(jsonPath));

  const definitions = columns.map(
    ({ name, type, format = '', description = '', priority = 0 }): TableColumn => ({
      name,
      type: type as TableColumn['type'],
      format,
      description,
      priority,
    }),
  );

  return {
    columns: [...plainPrinter.columns.slice(0, 1), ...definitions],
    cells: (object, now) => [
      object.metadata.name ?? '',
      ...columns.map(({ type }, i) =>
        cell(paths[i] === undefined ? [] : findJsonPath(object, paths[i]), type, now),
      ),
    ],
  };
}
