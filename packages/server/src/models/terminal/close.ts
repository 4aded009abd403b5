/** Close codes of RFC 6455 section 7.4.1. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  unsupported: 1003,
  policy: 1008,
  failed: 1011,
} as const;

/** Longest reason of a close frame, in bytes (RFC 6455 section 5.5). */
const LONGEST_REASON = 123;

/** Shortens a text to what a close frame can hold. */
export function reasonOf(text: string): string {
  const bytes = Buffer.from(text.replace(/\s+/g, ' '));
  if (bytes.byteLength <= LONGEST_REASON) {
    return bytes.toString();
  }

  return `${bytes
    .subarray(0, LONGEST_REASON - 3)
    .toString()
    .replace(/\uFFFD+$/, '')}…`;
}
