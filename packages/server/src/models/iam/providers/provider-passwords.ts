import { ORIGIN_UID_KEY } from '@ks-apiserver/api/labels';
import type { User } from '@ks-apiserver/api/user';
import { serviceUnavailable, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type OpenProvider,
  type PasswordProvider,
  ProviderError,
  type ProviderIdentity,
} from '../../identity-providers/provider.ts';
import type { IdentityProviders } from '../../identity-providers/registry.ts';
import { providerOf } from '../users/provider-links.ts';
import { LOCAL_ADMIN, type ProviderAccounts } from './provider-accounts.ts';

/** The way a password is checked. */
export interface PasswordPlan {
  /** Whether the local hash is compared first. */
  local: boolean;
  /** Name to send to the providers. */
  asked: string;
  providers: readonly OpenProvider<PasswordProvider>[];
}

/** A user that a provider has authenticated. */
export interface ProvidedUser {
  user: User;
  provider: string;
  /** Groups as subjects of bindings name them: `<provider>:<group>`. */
  groups: readonly string[];
}

/** Callbacks while providers are asked. */
export interface Attempt {
  /** A user's password is about to be tried at a provider; may throw to prevent it. */
  tried(user: User, provider: string): void;
  /** The password is wrong at the providers that answered; another one gave no answer. */
  refused(): Promise<void>;
}

/** Most groups of one user, and bytes of their names: they are stored in the user's token. */
const MAX_GROUPS = 100;
const MAX_BYTES = 4000;

/**
 * Returns the groups of a provider under names that no other provider has, sorted, as many as a
 * token may hold.
 */
export function groupNames(provider: string, { groups = [] }: ProviderIdentity): readonly string[] {
  const names: string[] = [];
  let bytes = 0;

  for (const group of [...new Set(groups)].sort()) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: on a terminal such a name would look like another one.
    if (/[\u0000-\u001f\u007f]/.test(group)) {
      continue;
    }

    const name = `${provider}:${group}`;
    bytes += Buffer.byteLength(JSON.stringify(name)) + 1;
    if (names.length === MAX_GROUPS || bytes > MAX_BYTES) {
      break;
    }

    names.push(name);
  }

  return names;
}

/**
 * Turns an error of a provider into an answer to a log-in: 401 for a refusal, 503 if it did not
 * answer.
 */
export function providerFailure(error: unknown): unknown {
  if (!(error instanceof ProviderError)) {
    return error;
  }

  return error.outcome === 'refused'
    ? unauthorized(error.message)
    : serviceUnavailable(error.message, error);
}

/** Passwords that LDAP providers check. */
export class ProviderPasswords {
  readonly #providers: IdentityProviders;
  readonly #accounts: ProviderAccounts;

  constructor(providers: IdentityProviders, accounts: ProviderAccounts) {
    this.#providers = providers;
    this.#accounts = accounts;
  }

  /**
   * Decides who checks a password: for a linked user their provider alone, for an unknown name all
   * providers in order. A user without a link has a local password, and after it only providers
   * that map by name alone (`mixed`). `named` is the only provider to use. Throws Unauthorized if
   * that provider does not exist.
   */
  plan(user: User | undefined, typed: string, named: string | undefined): PasswordPlan {
    const all = this.#providers.passwords;

    if (named !== undefined) {
      const chosen = all.filter(({ name }) => name === named);
      if (chosen.length === 0) {
        throw unauthorized('the identity provider was not found');
      }

      return { local: false, asked: typed, providers: chosen };
    }

    if (user?.metadata.name === LOCAL_ADMIN || typed === LOCAL_ADMIN) {
      return { local: true, asked: typed, providers: [] };
    }
    if (!user) {
      return { local: all.length === 0, asked: typed, providers: all };
    }

    const own = all.filter(({ name }) => name === providerOf(user));
    const { annotations, labels, name = '' } = user.metadata;
    const asked = annotations?.[ORIGIN_UID_KEY] ?? labels?.[ORIGIN_UID_KEY] ?? name;

    if (own.length > 0) {
      return { local: false, asked, providers: own };
    }

    const byName = all.filter(({ mappingMethod }) => mappingMethod === 'mixed');

    // A user without a local password: the providers are asked, so that whoever knows a password
    // there learns that the user is not linked.
    if (providerOf(user) === undefined && !user.spec?.password) {
      return { local: false, asked: name, providers: all };
    }

    return { local: true, asked: name, providers: byName };
  }

  /**
   * Asks providers in order until one authenticates the user; returns undefined if all refuse.
   * Throws Unauthorized if the account is another user's, 503 if nobody authenticates the user and
   * a provider did not answer, and what `attempt` throws.
   */
  async ask(
    { local, asked, providers }: PasswordPlan,
    password: string,
    attempt: Attempt,
  ): Promise<ProvidedUser | undefined> {
    let failure: unknown;

    // The local password, if it is compared first, was wrong.
    let refusals = local ? 1 : 0;

    for (const open of providers) {
      let identity: ProviderIdentity | undefined;
      let isOwned = false;

      try {
        identity = await open.provider.authenticate(asked, password, (found) => {
          const owner = this.#accounts.owner(open, found);
          if (!owner) {
            return;
          }

          isOwned = true;
          attempt.tried(owner, open.name);
        });
      } catch (error) {
        if (!(error instanceof ProviderError)) {
          throw error;
        }

        failure ??= providerFailure(error);
        continue;
      }

      if (identity) {
        const user = await this.#accounts.resolve(open, identity, { mixedCreates: false });
        return { user, provider: open.name, groups: groupNames(open.name, identity) };
      }

      // The user's own provider has refused, and no other may decide.
      if (isOwned) {
        return undefined;
      }

      refusals += 1;
    }

    if (failure === undefined) {
      return undefined;
    }
    if (refusals > 0) {
      await attempt.refused();
    }

    throw failure;
  }
}
