const UNITS = ['B', 'K', 'M', 'G', 'T', 'P', 'E'] as const;

/** Returns a size in bytes as 3.0 writes it: `17B`, `1.5M`; units are powers of 1024. */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;

  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }

  return `${value.toFixed(1).replace(/\.0$/, '')}${UNITS[unit]}`;
}
