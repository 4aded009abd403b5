import { createHash, timingSafeEqual } from 'node:crypto';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { OAuthError } from './errors.ts';

/** A registered OAuth client (RFC 6749 section 2), with 3.x's names; lifetimes are milliseconds. */
export interface OAuthClient {
  name: string;
  /** '' for a public client. */
  secret: string;
  respondWithChallenges: boolean;
  redirectURIs: readonly string[];
  postLogoutRedirectURIs: readonly string[];
  grantMethod: 'auto' | 'prompt' | 'deny';
  /** Scopes that it may request; empty for any. */
  scopeRestrictions: readonly string[];
  accessTokenMaxAge?: number;
  accessTokenInactivityTimeout?: number;
  idTokenSignedResponseAlg: 'RS256' | 'ES256';
}

/** 3.0's built-in client. It has no redirect URI here, so that it cannot be used for redirects. */
const DEFAULT: OAuthClient = {
  name: 'default',
  secret: '',
  respondWithChallenges: true,
  redirectURIs: [],
  postLogoutRedirectURIs: [],
  grantMethod: 'auto',
  scopeRestrictions: [],
  idTokenSignedResponseAlg: 'RS256',
};

/**
 * Names with which consoles of 3.x log users in by password: such a log-in counts as one without a
 * client.
 */
const CONSOLES = new Set(['default', 'kubesphere']);

/** Whether two secrets are equal, in constant time. */
export function equalSecrets(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

/**
 * Returns name and secret of `Authorization: Basic` (RFC 6749 section 2.3.1: both are form-encoded
 * first); undefined for any other header.
 */
function basicCredentials(
  header: string | undefined,
): { name: string; secret: string } | undefined {
  const [scheme = '', value = ''] = (header ?? '').trim().split(/\s+/, 2);
  if (scheme.toLowerCase() !== 'basic') {
    return undefined;
  }

  const [name = '', ...secret] = Buffer.from(value, 'base64').toString().split(':');

  const decoded = (text: string) => {
    try {
      return decodeURIComponent(text.replaceAll('+', ' '));
    } catch {
      return text;
    }
  };

  return { name: decoded(name), secret: decoded(secret.join(':')) };
}

/** The OAuth clients of the configuration. */
export class Clients {
  readonly #clients: ReadonlyMap<string, OAuthClient>;

  constructor(clients: readonly OAuthClient[]) {
    this.#clients = new Map([DEFAULT, ...clients].map((client) => [client.name, client]));
  }

  /** Returns the client of a name. Throws Unauthorized in 3.0's words. */
  get(name: string): OAuthClient {
    const client = this.#clients.get(name);
    if (!client) {
      throw unauthorized('Unauthorized: the OAuth client was not found');
    }

    return client;
  }

  find(name: string): OAuthClient | undefined {
    return this.#clients.get(name);
  }

  /**
   * Returns the calling client (RFC 6749 section 2.3), by its secret in header or body, or by its
   * name if it has no secret. Undefined if none is named, or one of 3.x's consoles that is not
   * configured. Throws `invalid_client`.
   */
  authenticate(header: string | undefined, form: URLSearchParams): OAuthClient | undefined {
    const basic = basicCredentials(header);
    const name = basic?.name ?? form.get('client_id') ?? '';
    if (basic && form.has('client_id') && form.get('client_id') !== name) {
      throw new OAuthError('invalid_client', 'header and body name different clients');
    }

    if (basic && form.has('client_secret')) {
      throw new OAuthError(
        'invalid_request',
        'the client authenticates in the header or in the body, not in both',
      );
    }

    if (name === '') {
      return undefined;
    }

    const client = this.#clients.get(name);
    if (CONSOLES.has(name) && (client === undefined || client === DEFAULT)) {
      return undefined;
    }

    const secret = basic?.secret ?? form.get('client_secret') ?? '';
    if (!client || (client.secret !== '' && !equalSecrets(secret, client.secret))) {
      throw new OAuthError('invalid_client', 'the OAuth client is unknown or its secret is wrong');
    }

    return client;
  }
}
