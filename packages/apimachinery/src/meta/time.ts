/** A time as Kubernetes writes it in objects: RFC 3339 in UTC, in whole seconds (meta/v1 Time). */
export function timestamp(time: Date = new Date()): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
