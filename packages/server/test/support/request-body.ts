/** Returns a body as it is sent: text as it is, anything else as JSON. */
export function bodyText(body: unknown): string | undefined {
  if (body === undefined) {
    return undefined;
  }
  return typeof body === 'string' ? body : JSON.stringify(body);
}
