/** Headers that concern one connection only (RFC 9110 section 7.6.1) and are never passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Returns the headers of a message that may be passed on, repeated ones joined; those that
 * `Connection` names are dropped too. Names are expected in lower case.
 */
export function endToEndHeaders(
  all: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const { connection } = all;
  const named =
    connection === undefined
      ? undefined
      : new Set(
          String(connection)
            .toLowerCase()
            .split(/\s*,\s*/),
        );
  const headers: Record<string, string> = {};

  for (const name in all) {
    const value = all[name];
    if (value === undefined || HOP_BY_HOP.has(name) || named?.has(name)) {
      continue;
    }

    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }

  return headers;
}
