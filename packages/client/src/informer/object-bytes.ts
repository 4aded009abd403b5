/** Copies an object's bytes into memory of their own, so that they keep nothing else alive. */
export function objectBytes(...parts: readonly Uint8Array[]): Buffer {
  let length = 0;

  for (const part of parts) {
    length += part.byteLength;
  }

  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;

  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }

  return whole;
}
