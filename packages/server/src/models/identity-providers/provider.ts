import type { Static, TObject } from 'typebox';

/** A user as a provider describes them after authentication. */
export interface ProviderIdentity {
  /** Permanent id of the account within its provider, by which users are linked. */
  uid: string;
  /**
   * The id that KubeSphere 3.x used, if accounts can change it: accepted once, and then replaced.
   */
  formerUid?: string;
  username: string;
  email?: string;
  displayName?: string;
  /** Names of groups, without the provider's name. */
  groups?: readonly string[];
}

/** A provider that checks passwords itself. */
export interface PasswordProvider {
  readonly kind: 'password';
  /**
   * Checks a password; returns undefined for a wrong name or password alike. `beforeBind` gets the
   * account whose password is about to be checked, and may throw to prevent it. Throws a
   * ProviderError if the provider does not answer.
   */
  authenticate(
    username: string,
    password: string,
    beforeBind: (identity: ProviderIdentity) => void,
  ): Promise<ProviderIdentity | undefined>;
}

/** Secrets of one log-in through the browser. */
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
   * Required: 3.0's console reads it without a check, and its log-in page would fail for everybody.
   */
  endpoint: { authURL: string; endSessionURL?: string };
}

/** A provider to whose pages the browser is sent. */
export interface RedirectProvider {
  readonly kind: 'redirect';
  /** Query parameter with which the browser returns, to be exchanged for an identity. */
  readonly credential: 'code' | 'ticket';
  readonly redirectURL: string;
  /**
   * Returns the settings for the button on log-in pages; undefined if there is no address to send a
   * browser to.
   */
  shown(): Promise<ShownSettings | undefined>;
  /** Returns where to send the browser. Throws a ProviderError. */
  begin(secrets: LoginSecrets): Promise<URL>;
  /**
   * Exchanges the credential that the browser returned with; without secrets if no log-in was begun
   * here. Throws a ProviderError.
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
  /** Whether callbacks are accepted that no log-in of this browser asked for. */
  allowMissingState: boolean;
  provider: P;
}

/** A type of providers: the schema of its settings, and how to open one. */
export interface ProviderType<S extends TObject = TObject> {
  settings: S;
  /**
   * Reads files and checks what the schema cannot, without calling the provider. Throws a
   * SettingsError.
   */
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

/** The provider refused the user, sent an unusable answer, or did not answer. */
export type Outcome = 'refused' | 'failed' | 'down';

/**
 * Why a provider has not authenticated a user; the message is shown to the user and quotes no
 * secret.
 */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly outcome: Outcome;

  constructor(message: string, options: { outcome: Outcome; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.outcome = options.outcome;
  }
}
