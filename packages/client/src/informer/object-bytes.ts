const COMMA = 0x2c;

/**
 * Bytes of an object in memory of their own, so that they keep nothing else alive, with the comma
 * behind them that lists need between objects.
 */
export function objectBytes(...parts: readonly Uint8Array[]): Buffer {
  let length = 0;

  for (const part of parts) {
    length += part.byteLength;
  }

  const whole = Buffer.allocUnsafeSlow(length + 1);
  let at = 0;

  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }

  whole[length] = COMMA;

  return whole.subarray(0, length);
}

/**
 * The same bytes and the comma behind them, without a copy; undefined for bytes that `objectBytes`
 * has not made.
 */
export function withComma({ buffer, byteOffset, byteLength }: Buffer): Buffer | undefined {
  if (byteOffset !== 0 || buffer.byteLength !== byteLength + 1) {
    return undefined;
  }

  const whole = Buffer.from(buffer as ArrayBuffer, 0, byteLength + 1);
  return whole[byteLength] === COMMA ? whole : undefined;
}
