import { type Outbound, OutboundError } from '../outbound/outbound.ts';

/** A user name and a password or token. */
export interface Credentials {
  username: string;
  password: string;
}

/** Returns the Authorization header of HTTP Basic (RFC 7617); none for empty credentials. */
export function basicAuthorization({ username, password }: Credentials): Record<string, string> {
  if (username === '' && password === '') {
    return {};
  }
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement';

/**
 * Reads a repository's references over Git's smart HTTP protocol. Throws an OutboundError if the
 * repository cannot be read.
 */
export async function verifyRepository(
  outbound: Outbound,
  remoteUrl: string,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<void> {
  if (!URL.canParse(remoteUrl)) {
    throw new OutboundError('repository not found');
  }

  const url = new URL(remoteUrl);

  const inUrl = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };

  url.username = '';
  url.password = '';
  url.hash = '';
  url.search = '?service=git-upload-pack';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/info/refs`;

  const authorization = basicAuthorization(credentials.username === '' ? inUrl : credentials);
  const headers = { accept: '*/*', 'user-agent': 'git/2.0 (ks-apiserver)', ...authorization };
  const { status, headers: answer } = await outbound.get(url, headers, signal, {
    maxBytes: 16 * 1024 * 1024,
  });

  if (status === 401) {
    throw new OutboundError('authentication required');
  }
  if (status === 403) {
    throw new OutboundError('authorization failed');
  }
  if (status === 404) {
    throw new OutboundError('repository not found');
  }
  if (status >= 300 && status < 400) {
    throw new OutboundError('the repository has moved: use its new URL');
  }
  if (status !== 200 || answer['content-type'] !== ADVERTISEMENT) {
    throw new OutboundError(`the server at ${url.host} is no Git server (status ${status})`);
  }
}
