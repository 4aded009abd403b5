import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Field, findMessage, messageNameOf } from '@ks-apiserver/kubernetes/protobuf/messages';

type Fields = { [name: string]: Json };

const bytes = (writer: BinaryWriter, number: number, value: Uint8Array) =>
  writer.tag(number, WireType.LengthDelimited).bytes(value);

function writeOne(writer: BinaryWriter, number: number, type: string, value: Json): void {
  switch (type) {
    case 's':
      writer.tag(number, WireType.LengthDelimited).string(String(value));
      return;
    case 'i':
      writer.tag(number, WireType.Varint).int64(Number(value));
      return;
    case 'b':
      writer.tag(number, WireType.Varint).bool(value === true);
      return;
    case 'f':
      writer.tag(number, WireType.Bit64).double(Number(value));
      return;
    case 'y':
      bytes(writer, number, Buffer.from(String(value), 'base64'));
      return;
    case 'RawExtension':
    case 'Quantity': {
      const text = type === 'Quantity' ? String(value) : JSON.stringify(value);
      bytes(
        writer,
        number,
        new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish(),
      );

      return;
    }
    case 'Time':
    case 'MicroTime': {
      const seconds = Math.floor(Date.parse(String(value)) / 1000);
      bytes(writer, number, new BinaryWriter().tag(1, WireType.Varint).int64(seconds).finish());
      return;
    }
    case 'IntOrString': {
      const inner = new BinaryWriter();

      if (typeof value === 'number') {
        inner.tag(2, WireType.Varint).int64(value);
      } else {
        inner
          .tag(1, WireType.Varint)
          .int64(1)
          .tag(3, WireType.LengthDelimited)
          .string(String(value));
      }

      bytes(writer, number, inner.finish());

      return;
    }
    case 'OrBool':
    case 'OrList': {
      const inner = new BinaryWriter();

      if (typeof value === 'boolean') {
        writeOne(inner, 1, 'b', value);
      } else {
        writeOne(inner, type === 'OrBool' ? 2 : 1, 'apiextensions.JSONSchemaProps', value);
      }

      bytes(writer, number, inner.finish());

      return;
    }
    default:
      bytes(writer, number, encodeMessage(type, value as Fields));
  }
}

function writeField(
  writer: BinaryWriter,
  number: number,
  { shape, type }: Field,
  value: Json,
): void {
  if (shape === 'list') {
    for (const item of value as Json[]) {
      writeOne(writer, number, type, item);
    }
  } else if (shape === 'map') {
    for (const [key, item] of Object.entries(value as Fields)) {
      const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(key);
      writeOne(entry, 2, type, item);
      bytes(writer, number, entry.finish());
    }
  } else {
    writeOne(writer, number, type, value);
  }
}

function encodeMessage(name: string, object: Fields): Uint8Array {
  const message = findMessage(name);
  if (message === undefined) {
    throw new Error(`no message is called ${name}`);
  }

  const writer = new BinaryWriter();

  if (message === 'strings') {
    for (const item of object as unknown as string[]) {
      writeOne(writer, 1, 's', item);
    }
    return writer.finish();
  }

  for (const [number, field] of message) {
    if (field.shape === 'inline') {
      writeOne(writer, number, field.type, object);
    } else if (Object.hasOwn(object, field.name)) {
      writeField(writer, number, field, object[field.name]!);
    }
  }

  return writer.finish();
}

/** Encodes an object in protobuf as clients do, for tests. Throws for kinds without a message. */
export function encodeForTests(object: KubeObject): Buffer {
  const { apiVersion = '', kind = '' } = object;
  const name = messageNameOf(apiVersion, kind);
  if (name === undefined) {
    throw new Error(`${kind} has no message`);
  }

  const type = new BinaryWriter();
  writeOne(type, 1, 's', apiVersion);
  writeOne(type, 2, 's', kind);

  const envelope = new BinaryWriter();
  bytes(envelope, 1, type.finish());
  bytes(envelope, 2, encodeMessage(name, object as unknown as Fields));

  return Buffer.concat([Buffer.from('k8s\0'), envelope.finish()]);
}
