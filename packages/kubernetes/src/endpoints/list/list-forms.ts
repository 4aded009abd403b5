import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { presentItem, presentObject } from '../../registry/store/present.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Table } from '../../tables/table.ts';
import type { Call } from '../call.ts';
import type { Form } from '../codec/negotiate.ts';
import { yamlItemPieces, yamlPieces } from '../codec/yaml-writer.ts';
import { partialObject, tableOfList } from './meta-forms.ts';

/** How a list is written: the text before, between and after its items, and each item. */
export interface ListForm {
  /** True where items are stored bytes, which cost nothing. */
  isStored: boolean;
  contentType: string;
  open: Buffer;
  comma: Buffer | undefined;
  close: Buffer;
  /** Replaces the items of an empty list. */
  none: Buffer | undefined;
  item(object: StoredObject): Iterable<Buffer>;
}

const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']}');

/** A list as it is stored, in JSON. */
export function storedForm({ type }: Call, metadata: unknown): ListForm {
  const head = `{"kind":"${type.listKind}","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(metadata)}`;

  return {
    isStored: true,
    contentType: 'application/json',
    open: Buffer.from(`${head},"items":[`),
    comma: COMMA,
    close: CLOSE,
    none: undefined,
    item: (object) => presentItem(type, object),
  };
}

/** The fields of a list besides its items, the name of its items, and the form of each. */
interface MadeList {
  head: Record<string, unknown>;
  items: 'items' | 'rows';
  item(object: StoredObject): unknown;
}

function makeList(call: Call, form: Form, metadata: Table['metadata']): MadeList {
  const { type } = call;
  const object = (stored: StoredObject) => presentObject(type, stored);

  if (form.as === 'Table') {
    const { table, row } = tableOfList(
      type,
      form,
      call.query.get('includeObject') ?? 'Metadata',
      metadata,
    );

    return { head: { ...table }, items: 'rows', item: (stored) => row(object(stored)) };
  }

  const isPartial = form.as !== 'object';

  const head = {
    kind: isPartial ? 'PartialObjectMetadataList' : type.listKind,
    apiVersion: isPartial ? `meta.k8s.io/${form.version}` : apiVersionOf(type),
    metadata,
  };

  if (isPartial) {
    return { head, items: 'items', item: (stored) => partialObject(object(stored), form) };
  }

  return {
    head,
    items: 'items',
    item(stored) {
      if (type.custom) {
        return object(stored);
      }

      // Items of built-in kinds have no kind and apiVersion.
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = object(stored);

      return rest;
    },
  };
}

/** A list in the form and encoding that the client accepts. */
export function listForm(call: Call, form: Form, metadata: Table['metadata']): ListForm {
  if (form.as === 'object' && form.encoding === 'json') {
    return storedForm(call, metadata);
  }

  const { head, items, item } = makeList(call, form, metadata);

  if (form.encoding === 'json') {
    return {
      isStored: false,
      contentType: 'application/json',
      open: Buffer.from(`${JSON.stringify(head).slice(0, -1)},"${items}":[`),
      comma: COMMA,
      close: CLOSE,
      none: undefined,
      item: (object) => [Buffer.from(JSON.stringify(item(object)))],
    };
  }

  const yamlOf = (fields: readonly [string, unknown][]) =>
    fields.length === 0 ? '' : [...yamlPieces(Object.fromEntries(fields))].join('');

  // YAML has its keys in order: some fields come before the items, others after them.
  const fields = Object.entries(head);
  const before = yamlOf(fields.filter(([name]) => name < items));
  const after = yamlOf(fields.filter(([name]) => name >= items));

  return {
    isStored: false,
    contentType: 'application/yaml',
    open: Buffer.from(`${before}${items}:\n`),
    comma: undefined,
    close: Buffer.from(after),
    none: Buffer.from(`${before}${items}: []\n${after}`),
    *item(object) {
      for (const piece of yamlItemPieces(item(object))) {
        yield Buffer.from(piece);
      }
    },
  };
}
