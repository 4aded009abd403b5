import type { GroupVersionKind, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { clusterPrinters } from './cluster.ts';
import { customPrinter, defaultPrinter, type PrinterColumn, plainPrinter } from './custom.ts';
import { networkPrinters } from './network.ts';
import { podPrinter } from './pods.ts';
import type { Cell, Printer, TableColumn } from './printer.ts';
import { rulePrinters } from './rules.ts';
import { storagePrinters } from './storage.ts';
import { workloadPrinters } from './workloads.ts';

/**
 * The part of their objects that rows have: metadata only, all, or nothing (query parameter
 * `includeObject`).
 */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** One row of a Table (meta/v1 TableRow). */
export interface TableRow {
  cells: Cell[];
  conditions?: { type: string; status: string; reason: string; message: string }[];
  object?: unknown;
}

/** A server-side printed list (meta.k8s.io/v1 Table). */
export interface Table {
  kind: 'Table';
  apiVersion: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  columnDefinitions: readonly TableColumn[] | null;
  rows: TableRow[];
}

/** How `tableFor` makes a table. */
export interface TableOptions {
  /** A CRD's additionalPrinterColumns. */
  printerColumns?: readonly PrinterColumn[];
  /** Default `meta.k8s.io/v1`. */
  apiVersion?: Table['apiVersion'];
  /** Default `Metadata`. */
  includeObject?: IncludeObject;
  metadata?: Table['metadata'];
  /** The time from which ages are computed, in milliseconds; default now. */
  now?: number;
}

const printers: Readonly<Record<string, Printer>> = {
  '/Pod': podPrinter,
  ...workloadPrinters,
  ...networkPrinters,
  ...storagePrinters,
  ...clusterPrinters,
  ...rulePrinters,
};

function printerFor(gvk: GroupVersionKind, columns: readonly PrinterColumn[] | undefined): Printer {
  if (columns !== undefined) {
    return columns.length > 0 ? customPrinter(columns) : plainPrinter;
  }

  const key = `${gvk.group}/${gvk.kind}`;
  return (Object.hasOwn(printers, key) ? printers[key] : undefined) ?? defaultPrinter;
}

function rowObject(object: KubeObject, include: IncludeObject, apiVersion: string): unknown {
  if (include === 'None') {
    return null;
  }
  if (include === 'Object') {
    return object;
  }

  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}

function rowOf(gvk: GroupVersionKind, object: KubeObject, cells: Cell[]): TableRow {
  const row: TableRow = { cells };
  const phase = gvk.group === '' && gvk.kind === 'Pod' ? object.status?.phase : undefined;
  if (phase === 'Succeeded' || phase === 'Failed') {
    const message =
      phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
    row.conditions = [{ type: 'Completed', status: 'True', reason: phase, message }];
  }

  return row;
}

/** Makes the rows of a table, and the table without them. */
export interface TableMaker {
  table: Omit<Table, 'rows'>;
  row(object: KubeObject): TableRow;
}

/**
 * The table of a kind, row by row; built-in kinds have kubectl's columns, custom resources those of
 * their CRD, or Name and Age.
 */
export function tableMaker(gvk: GroupVersionKind, options: TableOptions = {}): TableMaker {
  const {
    apiVersion = 'meta.k8s.io/v1',
    includeObject = 'Metadata',
    now = Date.now(),
    metadata = {},
  } = options;

  const printer = printerFor(gvk, options.printerColumns);

  return {
    table: { kind: 'Table', apiVersion, metadata, columnDefinitions: printer.columns },
    row: (object) => ({
      ...rowOf(gvk, object, printer.cells(object, now)),
      object: rowObject(object, includeObject, apiVersion),
    }),
  };
}

/** Objects of a kind as a Table. */
export function tableFor(
  gvk: GroupVersionKind,
  objects: Iterable<KubeObject>,
  options: TableOptions = {},
): Table {
  const { table, row } = tableMaker(gvk, options);
  return { ...table, rows: Array.from(objects, row) };
}
