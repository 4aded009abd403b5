/** A time as documents write it. */
export interface DocumentTime {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Nanoseconds within the millisecond. */
  readonly nanos: number;
  /** Digits of the fraction of a second in the text: 0 to 9. */
  readonly digits: number;
  /** Offset from UTC in the text: `Z` or `+08:00`. */
  readonly zone: string;
}

const RFC3339 =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d{0,9})?(Z|z|[+-]\d\d:?\d\d)?$/;

/** Reads a time in the form of RFC 3339; undefined for other texts. */
export function parseTime(text: unknown): DocumentTime | undefined {
  if (typeof text !== 'string' || text.length > 40) {
    return undefined;
  }

  const [, date, clock, fraction = '', offset = 'Z'] = RFC3339.exec(text) ?? [];
  const zone = offset === 'z' ? 'Z' : offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const seconds = Date.parse(`${date}T${clock}${zone}`);
  if (Number.isNaN(seconds)) {
    return undefined;
  }

  const nanos = Number(fraction.padEnd(9, '0'));

  return {
    ms: seconds + Math.floor(nanos / 1e6),
    nanos: nanos % 1e6,
    digits: fraction.length,
    zone,
  };
}

/** Returns the offset of a zone from UTC in milliseconds. */
function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const length = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;

  return sign === '-' ? -length : length;
}

/** Writes a time as it was read. */
export function formatTime({ ms, nanos, digits, zone }: DocumentTime): string {
  const local = new Date(ms + offsetOf(zone)).toISOString();
  const fraction = local.slice(20, 23) + String(nanos).padStart(6, '0');

  return local.slice(0, 19) + (digits > 0 ? `.${fraction.slice(0, digits)}` : '') + zone;
}
