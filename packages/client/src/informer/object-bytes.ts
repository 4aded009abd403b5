const COMMA = 0x2c;

/**
 * Copies an object's bytes into memory of their own, so that they keep nothing else alive, followed
 * by the comma that lists need between objects.
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
 * Returns the same bytes with the comma behind them, without a copy; undefined for bytes that
 * `objectBytes` did not make.
 */
export function withComma({ buffer, byteOffset, byteLength }: Buffer): Buffer | undefined {
  if (byteOffset !== 0 || buffer.byteLength !== byteLength + 1) {
    return undefined;
  }

  const whole = Buffer.from(buffer as ArrayBuffer, 0, byteLength + 1);
  return whole[byteLength] === COMMA ? whole : undefined;
}
