/** Bytes that are no protobuf message. */
export class WireError extends Error {
  override name = 'WireError';
}

/** One field of a message: a number for varints, bytes for everything with a length. */
export interface WireField {
  number: number;
  value: number | Uint8Array;
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0n;

  for (let i = start, shift = 0n; shift < 70n; i++, shift += 7n) {
    const byte = bytes[i];
    if (byte === undefined) {
      break;
    }

    value |= BigInt(byte & 0x7f) << shift;

    if (byte < 0x80) {
      return { value: Number(BigInt.asIntN(64, value)), end: i + 1 };
    }
  }

  throw new WireError('a varint has no end');
}

/** Bytes of the values of fixed length, by wire type. */
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/**
 * The fields of a message in their order (protobuf.dev "Encoding"). Throws a WireError
 * for bytes that are no message.
 */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  while (at < bytes.byteLength) {
    const tag = varint(bytes, at);
    const number = Math.floor(tag.value / 8);
    const type = tag.value & 7;

    if (number < 1) {
      throw new WireError('a field has no number');
    }

    at = tag.end;

    if (type === 0) {
      const { value, end } = varint(bytes, at);
      at = end;
      yield { number, value };
      continue;
    }

    const length = type === 2 ? varint(bytes, at) : { value: FIXED_LENGTHS[type] ?? -1, end: at };
    const end = length.end + length.value;
    if (length.value < 0 || end > bytes.byteLength) {
      throw new WireError('a field is longer than its message');
    }

    yield { number, value: bytes.subarray(length.end, end) };
    at = end;
  }
}
