/**
 * Returns the WebSocket URL of a server of agents; `http` and `https` stand for `ws` and `wss`, and
 * a path is kept. Throws a RangeError for what is no such URL.
 */
export function serverUrl(text: string): URL {
  const source = text.replace(/^http(s?):\/\//i, 'ws$1://');
  if (!/^wss?:\/\//i.test(source) || !URL.canParse(source)) {
    throw new RangeError('must be a URL that begins with http://, https://, ws:// or wss://');
  }

  const url = new URL(source);
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new RangeError('must not hold a user name, a password or a fragment');
  }

  return url;
}

/** Returns an address with the port that is meant when it has none. */
export function withPort(address: string, port: number): string {
  return /:\d+$/.test(address) ? address : `${address}:${port}`;
}
