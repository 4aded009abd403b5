import type { Static, TObject } from 'typebox';

/** What a provider says about somebody who has authenticated there. */
export interface ProviderIdentity {
  /** Names the account for good, within its provider: what users are linked by. */
  uid: string;
  /**
   * What KubeSphere 3.x took for that, where it can change hands: taken once, and then replaced.
   */
  formerUid?: string;
  username: string;
  email?: string;
  displayName?: string;
  /** Groups by their own names, without the provider's. */
  groups?: readonly string[];
}

/** A provider that checks passwords itself. */
export interface PasswordProvider {
  readonly kind: 'password';
  /**
   * Checks a password; answers undefined for a wrong name or password alike. `beforeBind` is told
   * whose password is about to be checked and may throw to prevent it. Throws a ProviderError when
   * the provider gives no answer.
   */
  authenticate(
    username: string,
    password: string,
    beforeBind: (identity: ProviderIdentity) => void,
  ): Promise<ProviderIdentity | undefined>;
}

/** Secrets of one log-in that goes through the browser. */
export interface LoginSecrets {
  state: string;
  nonce: string;
  /** PKCE verifier (RFC 7636). */
  verifier: string;
}

/**
 * Settings of a provider that log-in pages may know: the fields that consoles of KubeSphere 3.0 to
 * 3.4 read.
 */
export interface ShownSettings {
  clientID?: string;
  redirectURL: string;
  scopes?: readonly string[];
  casServerURL?: string;
  /**
   * Always there, for 3.0's console reads into it without a look: its page of log-in fails for
   * everybody otherwise.
   */
  endpoint: { authURL: string; endSessionURL?: string };
}

/** A provider to whose pages the browser is sent. */
export interface RedirectProvider {
  readonly kind: 'redirect';
  /** Query parameter in which the browser brings back what is exchanged for an identity. */
  readonly credential: 'code' | 'ticket';
  readonly redirectURL: string;
  /**
   * What log-in pages make their button of; undefined where they have no address to send a browser
   * to.
   */
  shown(): Promise<ShownSettings | undefined>;
  /** Where the browser is sent. Throws a ProviderError. */
  begin(secrets: LoginSecrets): Promise<URL>;
  /**
   * Exchanges what the browser brought back; without secrets where no log-in was begun here. Throws
   * a ProviderError.
   */
  finish(query: URLSearchParams, secrets: LoginSecrets | undefined): Promise<ProviderIdentity>;
}

export type IdentityProvider = PasswordProvider | RedirectProvider;

/** How accounts of a provider become users. */
export type MappingMethod = 'auto' | 'lookup' | 'mixed';

/** One entry of `identityProviders`, opened. */
export interface OpenProvider<P extends IdentityProvider = IdentityProvider> {
  name: string;
  mappingMethod: MappingMethod;
  /** Whether callbacks are taken that no log-in of this browser asked for. */
  allowMissingState: boolean;
  provider: P;
}

/** A type of providers: its settings, and how one is made of them. */
export interface ProviderType<S extends TObject = TObject> {
  settings: S;
  /** Reads files and checks what the schema cannot; asks nobody. Throws a SettingsError. */
  open(settings: Static<S>): Promise<IdentityProvider>;
}

/** A setting that cannot be used. */
export class SettingsError extends Error {
  override name = 'SettingsError';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(problem);
    this.field = field;
  }
}

/** A provider that refuses somebody, answers with what is of no use, or does not answer. */
export type Outcome = 'refused' | 'failed' | 'down';

/**
 * Why a provider has authenticated nobody; the message goes to who logs in and quotes no secret.
 */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly outcome: Outcome;

  constructor(message: string, options: { outcome: Outcome; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.outcome = options.outcome;
  }
}
