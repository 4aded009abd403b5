import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  badRequest,
  StatusError,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { MAX_ENTRIES, tooManyEntries } from '../json/json-size.ts';
import { type Field, findMessage, messageNameOf } from './messages.ts';
import { WireError, type WireField, wireFields } from './wire.ts';

/** The media type of kubectl's `create` commands and the clients of Kubernetes' components. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The first bytes of every body of that media type. */
const magic = Buffer.from('k8s\0');

/** Deeper than any message of Kubernetes: deeper nesting is an attack. */
const maxDepth = 40;

type Value = WireField['value'];
type JsonObject = { [key: string]: Json };

function bytesOf(value: Value): Uint8Array {
  if (typeof value === 'number') {
    throw new WireError('a number stands where bytes are expected');
  }
  return value;
}

function text(value: Value): string {
  return Buffer.from(bytesOf(value)).toString('utf8');
}

function scalars(value: Value): Map<number, Value> {
  return new Map([...wireFields(bytesOf(value))].map((field) => [field.number, field.value]));
}

/** A Time or MicroTime as RFC 3339; undefined for none. */
function timeOf(value: Value, type: 'Time' | 'MicroTime'): string | undefined {
  const fields = scalars(value);
  if (fields.size === 0) {
    return undefined;
  }

  const date = new Date(Number(fields.get(1) ?? 0) * 1000);
  if (Number.isNaN(date.getTime())) {
    throw new WireError('a time is out of range');
  }

  const seconds = date.toISOString().slice(0, 19);
  const microseconds = Math.trunc(Number(fields.get(2) ?? 0) / 1000);

  return type === 'MicroTime'
    ? `${seconds}.${String(microseconds).padStart(6, '0')}Z`
    : `${seconds}Z`;
}

function decodeEmbedded(value: Value): Json | undefined {
  const raw = scalars(value).get(1);
  return raw === undefined ? undefined : (JSON.parse(text(raw)) as Json);
}

/** The depth of a message in a body, and how many more fields the body may have. */
interface Place {
  depth: number;
  budget: { left: number };
}

function decodeValue(type: string, value: Value, place: Place): Json | undefined {
  switch (type) {
    case 's':
      return text(value);
    case 'i':
      return Number(value);
    case 'b':
      return value !== 0;
    case 'f':
      return doubleOf(value);
    case 'y':
      return Buffer.from(bytesOf(value)).toString('base64');
    case 'Quantity':
      return text(scalars(value).get(1) ?? new Uint8Array());
    case 'IntOrString': {
      const fields = scalars(value);
      return fields.get(1) === 1
        ? text(fields.get(3) ?? new Uint8Array())
        : Number(fields.get(2) ?? 0);
    }
    case 'Time':
    case 'MicroTime':
      return timeOf(value, type);
    case 'FieldsV1':
    case 'RawExtension':
      return decodeEmbedded(value);
    case 'OrBool':
    case 'OrList':
    case 'OrTexts':
      return decodeAlternative(type, value, place);
    default:
      return decodeMessage(type, bytesOf(value), { ...place, depth: place.depth + 1 });
  }
}

function doubleOf(value: Value): number {
  const bytes = bytesOf(value);
  if (bytes.byteLength !== 8) {
    throw new WireError('a number has not 64 bits');
  }

  return Buffer.from(bytes).readDoubleLE();
}

const schemaMessage = 'apiextensions.JSONSchemaProps';

/** A schema, or a value that is allowed instead of one. */
function decodeAlternative(
  type: 'OrBool' | 'OrList' | 'OrTexts',
  value: Value,
  place: Place,
): Json {
  const fields = [...wireFields(bytesOf(value))];
  place.budget.left -= fields.length;
  if (place.budget.left < 0) {
    throw tooManyEntries();
  }

  const all = (number: number) =>
    fields.filter((field) => field.number === number).map((field) => field.value);

  // A message is always decoded to an object.
  const schema = (given: Value) => decodeValue(schemaMessage, given, place)!;

  const [only] = all(type === 'OrBool' ? 2 : 1);
  if (only !== undefined) {
    return schema(only);
  }
  if (type === 'OrBool') {
    return all(1).at(-1) === 1;
  }

  return type === 'OrList' ? all(2).map(schema) : all(2).map(text);
}

function set(object: JsonObject, name: string, value: Json): void {
  // Like JSON.parse, keeps `__proto__` as an ordinary key.
  if (name === '__proto__') {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    object[name] = value;
  }
}

function decodeField(object: JsonObject, field: Field, value: Value, place: Place): void {
  const { name, shape, type, pointer } = field;
  if (shape === 'map') {
    const entry = scalars(value);
    const key = text(entry.get(1) ?? new Uint8Array());

    object[name] ??= {};
    set(
      object[name] as JsonObject,
      key,
      decodeValue(type, entry.get(2) ?? new Uint8Array(), place) ?? null,
    );

    return;
  }

  const decoded = decodeValue(type, value, place);
  if (decoded === undefined) {
    return;
  }

  if (shape === 'list') {
    object[name] ??= [];
    (object[name] as Json[]).push(decoded);
  } else if (shape === 'inline') {
    Object.assign(object, decoded);
  } else if (pointer || (decoded !== '' && decoded !== 0 && decoded !== false)) {
    // Go encodes fields that are no pointers even if they are zero, which means absent in JSON.
    object[name] = decoded;
  }
}

function decodeMessage(name: string, bytes: Uint8Array, place: Place): Json {
  if (place.depth > maxDepth) {
    throw new WireError('messages are nested too deeply');
  }

  const message = findMessage(name);
  if (!message) {
    throw new WireError(`no message is called ${name}`);
  }

  if (message === 'strings') {
    const values = [...wireFields(bytes)]
      .filter(({ number }) => number === 1)
      .map(({ value }) => text(value));
    place.budget.left -= values.length;
    if (place.budget.left < 0) {
      throw tooManyEntries();
    }

    return values;
  }

  const object: JsonObject = {};

  for (const { number, value } of wireFields(bytes)) {
    if (--place.budget.left < 0) {
      throw tooManyEntries();
    }

    const field = message.get(number);

    // Unknown fields, which newer versions have, are skipped.
    if (field) {
      decodeField(object, field, value, place);
    }
  }

  return object;
}

/**
 * Decodes the object in a protobuf body (kubernetes.io "Kubernetes Protobuf encoding"). Throws a
 * StatusError 400 for other bodies, 413 for more fields than a body may have, and 415 for kinds
 * without a protobuf form, such as custom resources.
 */
export function decodeProtobuf(body: Uint8Array, kind: string): KubeObject {
  const refuse = (why: string, cause?: unknown) => {
    const error = badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${why}`,
    );
    error.cause = cause;
    return error;
  };

  if (!magic.equals(body.subarray(0, magic.byteLength))) {
    throw refuse('it does not begin with the bytes 6b 38 73 00');
  }

  try {
    const envelope = scalars(body.subarray(magic.byteLength));
    const type = scalars(envelope.get(1) ?? new Uint8Array());
    const apiVersion = text(type.get(1) ?? new Uint8Array());
    const named = text(type.get(2) ?? new Uint8Array());
    const name = messageNameOf(apiVersion, named);
    if (!name) {
      throw unsupportedMediaType(['application/json', 'application/yaml']);
    }

    const object = decodeMessage(name, bytesOf(envelope.get(2) ?? new Uint8Array()), {
      depth: 0,
      budget: { left: MAX_ENTRIES },
    }) as JsonObject;

    return { apiVersion, kind: named, ...object } as KubeObject;
  } catch (error) {
    if (error instanceof StatusError) {
      throw error;
    }
    throw refuse(messageOf(error), error);
  }
}
