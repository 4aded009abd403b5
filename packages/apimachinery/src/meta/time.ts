/** A time as Kubernetes writes it in objects: RFC 3339 in UTC, in whole seconds (meta/v1 Time). */
export function timestamp(time: Date = new Date()): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The present time as leases hold it: RFC 3339 in UTC, in microseconds (meta/v1 MicroTime). */
export function microTimestamp(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
