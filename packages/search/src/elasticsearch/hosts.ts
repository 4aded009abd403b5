import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';

/** One address of a cluster. */
export interface Host {
  readonly origin: string;
  /** Path before that of each request, without a slash at its end. */
  readonly prefix: string;
  /** Authorization header of the credentials in the URL; '' without any. */
  readonly authorization: string;
}

function hostOf(text: string): Host {
  const url = new URL(/^\w+:\/\//.test(text) ? text : `http://${text}`);

  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(`no http or https address: ${url.protocol}//${url.host}`);
  }

  const authorization =
    url.username === ''
      ? ''
      : basicAuthorization(decodeURIComponent(url.username), decodeURIComponent(url.password));

  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, ''), authorization };
}

/**
 * Reads addresses that are separated by commas; `http` is meant where one has no scheme. Throws a
 * TypeError for a text without any, or with one that is no address.
 */
export function parseHosts(text: string): Host[] {
  const hosts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(hostOf);

  if (hosts.length === 0) {
    throw new TypeError('no address is given');
  }

  return hosts;
}
