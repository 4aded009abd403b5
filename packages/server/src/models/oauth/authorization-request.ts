import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Clients, OAuthClient } from './clients.ts';
import { OAuthError } from './errors.ts';
import { type ResponseMode, redirectOf } from './redirect-uris.ts';
import { grantedScope, hasScope } from './scopes.ts';

/** An authorization request (RFC 6749 section 4.1.1) whose client and redirect URI are verified. */
export interface Destination {
  client: OAuthClient;
  redirectUri: string;
  redirectUriGiven: boolean;
  /** Sent back to the client in every answer. */
  state: string;
  mode: ResponseMode;
}

/** A valid request, to be granted once the user is known and consents. */
export interface AuthorizationRequest extends Destination {
  responseType: 'code' | 'token';
  scope: string;
  nonce: string;
  challenge: string;
  prompt: ReadonlySet<string>;
  /** In seconds; undefined if any log-in is recent enough. */
  maxAge: number | undefined;
}

const LIMIT = 2048;
const PROMPTS = new Set(['none', 'login', 'consent', 'select_account']);

/**
 * Returns the client and its redirect URI. Errors in these are never sent to the redirect URI (RFC
 * 6749 section 4.1.2.1): throws Unauthorized in 3.0's words and order.
 */
export function destinationOf(parameters: URLSearchParams, clients: Clients): Destination {
  const client = clients.get(parameters.get('client_id') ?? '');
  const type = parameters.get('response_type') ?? '';
  if (type !== 'token' && client.redirectURIs.length === 0) {
    throw new StatusError(
      401,
      'Unauthorized',
      `Response type ${type.slice(0, 64)} is not supported`,
    );
  }

  const asked = parameters.get('redirect_uri') ?? '';

  for (const name of ['client_id', 'redirect_uri', 'state']) {
    if (parameters.getAll(name).length > 1) {
      throw new OAuthError('invalid_request', `${name} is given more than once`);
    }
  }

  const mode =
    type === 'token' || parameters.get('response_mode') === 'fragment' ? 'fragment' : 'query';

  return {
    client,
    redirectUri: redirectOf(client, asked),
    redirectUriGiven: asked !== '',
    state: parameters.get('state') ?? '',
    mode,
  };
}

/**
 * Throws an OAuthError for repeated parameters (RFC 6749 section 3.1), and for too long and
 * unsupported ones.
 */
function checkParameters(parameters: URLSearchParams): void {
  for (const name of new Set(parameters.keys())) {
    const [value = '', second] = parameters.getAll(name);
    if (second !== undefined) {
      throw new OAuthError('invalid_request', `${name.slice(0, 64)} is given more than once`);
    }
    if (value.length > LIMIT) {
      throw new OAuthError('invalid_request', `${name.slice(0, 64)} is too long`);
    }
  }

  for (const name of ['request', 'request_uri', 'registration'] as const) {
    if (parameters.has(name)) {
      throw new OAuthError(`${name}_not_supported`, `${name} is not supported`);
    }
  }
}

function responseTypeOf(parameters: URLSearchParams): 'code' | 'token' {
  const type = parameters.get('response_type') ?? '';
  if (type === '') {
    throw new OAuthError('invalid_request', 'response_type is missing');
  }

  if (type !== 'code' && type !== 'token') {
    throw new OAuthError(
      'unsupported_response_type',
      'the supported response types are code and token',
    );
  }

  const mode = parameters.get('response_mode') ?? '';
  if (!['', 'fragment', ...(type === 'code' ? ['query'] : [])].includes(mode)) {
    throw new OAuthError('invalid_request', 'this response_mode is not supported');
  }

  return type;
}

/**
 * Returns the code challenge (RFC 7636 section 4.3): only S256, and required for a client without a
 * secret (RFC 9700 section 2.1.1).
 */
function challengeOf(parameters: URLSearchParams, { secret }: OAuthClient): string {
  const challenge = parameters.get('code_challenge') ?? '';
  if (challenge === '') {
    if (secret === '') {
      throw new OAuthError('invalid_request', 'code_challenge is needed: the client has no secret');
    }
    if (parameters.has('code_challenge_method')) {
      throw new OAuthError('invalid_request', 'code_challenge is missing');
    }

    return '';
  }

  if (parameters.get('code_challenge_method') !== 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge_method must be S256');
  }
  if (!/^[\w-]{43}$/.test(challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge is no SHA-256 hash');
  }

  return challenge;
}

/** Parses `prompt` (OpenID Connect Core section 3.1.2.1). */
function promptOf(parameters: URLSearchParams): ReadonlySet<string> {
  const prompt = new Set((parameters.get('prompt') ?? '').split(' ').filter((word) => word !== ''));
  for (const word of prompt) {
    if (!PROMPTS.has(word)) {
      throw new OAuthError('invalid_request', `prompt has the unknown value ${word.slice(0, 64)}`);
    }
  }

  if (prompt.has('none') && prompt.size > 1) {
    throw new OAuthError('invalid_request', 'prompt=none cannot be combined with other values');
  }

  return prompt;
}

function maxAgeOf(parameters: URLSearchParams): number | undefined {
  const text = parameters.get('max_age') ?? '';
  if (text === '') {
    return undefined;
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw new OAuthError('invalid_request', 'max_age must be a number of seconds');
  }

  return Number(text);
}

/** Checks the rest of a request. Throws an OAuthError, which is sent to the redirect URI. */
export function parseRequest(
  parameters: URLSearchParams,
  destination: Destination,
): AuthorizationRequest {
  const { client, redirectUriGiven } = destination;

  checkParameters(parameters);

  const responseType = responseTypeOf(parameters);

  if (client.grantMethod === 'deny') {
    throw new OAuthError('unauthorized_client', 'the OAuth client may not get tokens');
  }

  const scope = grantedScope(client, parameters.get('scope') ?? '');
  if (
    !redirectUriGiven &&
    responseType === 'code' &&
    (client.redirectURIs.length > 1 || hasScope(scope, 'openid'))
  ) {
    throw new OAuthError('invalid_request', 'redirect_uri is missing');
  }

  return {
    ...destination,
    responseType,
    scope,
    nonce: parameters.get('nonce') ?? '',
    challenge: responseType === 'code' ? challengeOf(parameters, client) : '',
    prompt: promptOf(parameters),
    maxAge: maxAgeOf(parameters),
  };
}
