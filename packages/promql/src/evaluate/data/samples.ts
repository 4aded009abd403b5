import type { Samples } from './source.ts';

const STALE_LOW = 2;
const STALE_HIGH = 0x7ff00000;

/** Returns a view of the bits of numbers: the low half of each, then its high half. */
export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** Reports whether a number is the marker of a series' end. */
export function isStale(bits: Uint32Array, index: number): boolean {
  return bits[2 * index] === STALE_LOW && bits[2 * index + 1] === STALE_HIGH;
}

/** Writes the marker of a series' end. */
export function markStale(values: Float64Array, index: number): void {
  const bits = bitsOf(values);
  bits[2 * index] = STALE_LOW;
  bits[2 * index + 1] = STALE_HIGH;
}

/** Reports whether numbers have a marker of a series' end among them. */
function hasStale(values: Float64Array): boolean {
  let bits: Uint32Array | undefined;

  for (let index = 0; index < values.length; index += 1) {
    if (Number.isNaN(values[index])) {
      bits ??= bitsOf(values);
      if (isStale(bits, index)) {
        return true;
      }
    }
  }

  return false;
}

/** Returns samples without markers of the series' end. */
export function withoutStale(samples: Samples): Samples {
  const { times, values } = samples;

  if (!hasStale(values)) {
    return samples;
  }

  const bits = bitsOf(values);
  const isKept = (_: number, index: number) => !isStale(bits, index);

  return { times: times.filter(isKept), values: values.filter(isKept) };
}
