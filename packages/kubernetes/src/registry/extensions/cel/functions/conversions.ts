import { isDeepStrictEqual } from 'node:util';
import { type Environment, Optional } from '@marcbachmann/cel-js';

const NANOS = 9;

/** A duration in CEL's form: seconds, with a fraction where there is one. */
export function durationText({ seconds, nanos }: { seconds: bigint; nanos: number }): string {
  const total = seconds * 1_000_000_000n + BigInt(nanos);
  const digits = String(total < 0n ? -total : total).padStart(NANOS + 1, '0');
  const fraction = digits.slice(-NANOS).replace(/0+$/, '');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -NANOS)}${fraction === '' ? '' : `.${fraction}`}s`;
}

/** A time in CEL's form: UTC, with a fraction where there is one. */
export const timeText = (time: Date) => time.toISOString().replace(/\.?0+Z$/, 'Z');

function isZero(value: unknown): boolean {
  if (value === null || value === '' || value === false || value === 0 || value === 0n) {
    return true;
  }
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0;
}

/** Conversions and comparisons of cel-go that the library lacks. */
export function addConversions(environment: Environment): void {
  const namespace = 'OptionalNamespace';
  const compare = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b);
  environment
    .registerFunction('string(google.protobuf.Duration): string', durationText)
    .registerFunction('string(google.protobuf.Timestamp): string', timeText)
    .registerFunction('int(google.protobuf.Timestamp): int', (time: Date) =>
      BigInt(Math.floor(time.getTime() / 1000)),
    )
    .registerOperator('bytes < bytes', (a: Uint8Array, b: Uint8Array) => compare(a, b) < 0)
    .registerOperator('bytes <= bytes', (a: Uint8Array, b: Uint8Array) => compare(a, b) <= 0)
    .registerOperator('bytes > bytes', (a: Uint8Array, b: Uint8Array) => compare(a, b) > 0)
    .registerOperator('bytes >= bytes', (a: Uint8Array, b: Uint8Array) => compare(a, b) >= 0)
    .registerOperator('optional == optional', (a: Optional, b: Optional) =>
      a.hasValue() && b.hasValue()
        ? isDeepStrictEqual(a.value(), b.value())
        : a.hasValue() === b.hasValue(),
    )
    .registerOperator('optional == null', () => false)
    .registerOperator('google.protobuf.Duration == null', () => false)
    .registerOperator('google.protobuf.Timestamp == null', () => false)
    .registerFunction(
      `${namespace}.ofNonZeroValue(A): optional<A>`,
      (_: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
    );
}
