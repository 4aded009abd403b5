import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { yieldBetweenLargeSteps } from '../registry/store/large-work.ts';
import type { Node } from './definitions.ts';

/** Writes a field; the numbers are gnostic's (`openapi.v2` in OpenAPIv2.proto). */
// biome-ignore lint/suspicious/noExplicitAny: a document is JSON; what a field holds is known by its table alone.
type Write = (writer: BinaryWriter, number: number, value: any) => void;

/** Fields of a message by their names in JSON. */
type Fields = Readonly<Record<string, readonly [number: number, write: Write]>>;

const within = (writer: BinaryWriter, number: number, write: () => void) => {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
};

const text: Write = (writer, number, value: string) =>
  writer.tag(number, WireType.LengthDelimited).string(value);
const flag: Write = (writer, number, value: boolean) =>
  writer.tag(number, WireType.Varint).bool(value);
const whole: Write = (writer, number, value: number) =>
  writer.tag(number, WireType.Varint).int64(value);
const real: Write = (writer, number, value: number) =>
  writer.tag(number, WireType.Bit64).double(value);

/** Any value as YAML, which JSON is. */
const any: Write = (writer, number, value: unknown) =>
  within(writer, number, () => text(writer, 2, `${JSON.stringify(value)}\n`));

function message(fields: () => Fields, extensions?: number): Write {
  return (writer, number, value: Node) =>
    within(writer, number, () => writeFields(writer, value, fields(), extensions));
}

function writeEach(write: Write): Write {
  return (writer, number, values: readonly never[]) => {
    for (const value of values) {
      write(writer, number, value);
    }
  };
}

/** A map: entries of a name and a value. */
function writeMap(write: Write): Write {
  return (writer, number, values: Node) => {
    for (const [name, value] of Object.entries(values)) {
      entry(writer, number, name, value, write);
    }
  };
}

function entry(
  writer: BinaryWriter,
  number: number,
  name: string,
  value: unknown,
  write: Write,
): void {
  within(writer, number, () => {
    text(writer, 1, name);
    write(writer, 2, value);
  });
}

/** A message with one field. */
function writeOnly(number: number, write: Write): Write {
  return (writer, outer, value) => within(writer, outer, () => write(writer, number, value));
}

/**
 * Writes an object's fields; those with the prefix `x-` as extensions, where the message has them.
 */
function writeFields(writer: BinaryWriter, value: Node, fields: Fields, extensions?: number): void {
  for (const [name, item] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field) {
      field[1](writer, field[0], item);
    } else if (extensions !== undefined && name.startsWith('x-')) {
      entry(writer, extensions, name, item, any);
    }
  }
}

const schema = message(() => schemaFields, 31);

const additionalProperties: Write = (writer, number, value: Node | boolean) =>
  within(writer, number, () =>
    typeof value === 'boolean' ? flag(writer, 2, value) : schema(writer, 1, value),
  );

const schemaFields: Fields = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  multipleOf: [6, real],
  maximum: [7, real],
  exclusiveMaximum: [8, flag],
  minimum: [9, real],
  exclusiveMinimum: [10, flag],
  maxLength: [11, whole],
  minLength: [12, whole],
  pattern: [13, text],
  maxItems: [14, whole],
  minItems: [15, whole],
  uniqueItems: [16, flag],
  maxProperties: [17, whole],
  minProperties: [18, whole],
  required: [19, writeEach(text)],
  enum: [20, writeEach(any)],
  additionalProperties: [21, additionalProperties],
  type: [22, writeOnly(1, text)],
  items: [23, writeOnly(1, schema)],
  properties: [25, writeOnly(1, writeMap(schema))],
  example: [30, any],
};

const bodyParameter = message(() => ({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, schema],
}));

const pathParameter = message(() => ({
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5, text],
}));

const queryParameter = message(() => ({
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [6, text],
}));

const parameter: Write = (writer, number, value: Node) =>
  within(writer, number, () =>
    within(writer, 1, () => {
      if (value.in === 'body') {
        return bodyParameter(writer, 1, value);
      }

      const place = value.in === 'path' ? 4 : 3;

      return within(writer, 2, () =>
        (value.in === 'path' ? pathParameter : queryParameter)(writer, place, value),
      );
    }),
  );

const response = writeOnly(
  1,
  message(() => ({ description: [1, text], schema: [2, writeOnly(1, schema)] })),
);

const operation = message(
  () => ({
    tags: [1, writeEach(text)],
    description: [3, text],
    operationId: [5, text],
    produces: [6, writeEach(text)],
    consumes: [7, writeEach(text)],
    parameters: [8, writeEach(parameter)],
    responses: [9, writeOnly(1, writeMap(response))],
  }),
  13,
);

const pathItem = message(() => ({
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
}));

const info = message(() => ({ title: [1, text], version: [2, text] }));

/** Entries that are written in one step. */
const STEP = 20;

/** The entries of a map in pieces, letting other requests run between them. */
async function pieces(values: Node, number: number, write: Write): Promise<Uint8Array[]> {
  const written: Uint8Array[] = [];
  const entries = Object.entries(values);
  for (let at = 0; at < entries.length; at += STEP) {
    await yieldBetweenLargeSteps();

    const writer = new BinaryWriter();

    for (const [name, value] of entries.slice(at, at + STEP)) {
      entry(writer, number, name, value, write);
    }

    written.push(writer.finish());
  }

  return written;
}

/** A field of pieces, which are not copied. */
function field(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [
    new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish(),
    ...parts,
  ];
}

/** Encodes an OpenAPI 2 document as protobuf (gnostic's `openapi.v2.Document`), in steps. */
export async function encodeDocument(document: Node): Promise<Buffer> {
  const head = new BinaryWriter();
  text(head, 1, document.swagger);
  info(head, 2, document.info);

  const paths = await pieces(document.paths as Node, 2, pathItem);
  const definitions = await pieces(document.definitions as Node, 1, schema);

  return Buffer.concat([head.finish(), ...field(8, paths), ...field(9, definitions)]);
}
