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
import { LOCAL_ADMIN, type ProviderAccounts } from './provider-accounts.ts';
import { providerOf } from './provider-links.ts';

/** Who decides about a password. */
export interface PasswordPlan {
  /** Whether the local hash does, first. */
  local: boolean;
  /** Name that the providers are asked about. */
  asked: string;
  providers: readonly OpenProvider<PasswordProvider>[];
}

/** Whom a provider has let in. */
export interface ProvidedUser {
  user: User;
  provider: string;
  /** Groups as subjects of bindings name them: `<provider>:<group>`. */
  groups: readonly string[];
}

/** What is told while providers are asked. */
export interface Attempt {
  /** A user's password is about to be tried at a provider; may throw to prevent it. */
  tried(user: User, provider: string): void;
  /** The password is wrong as far as anybody knows; another provider gave no answer. */
  refused(): Promise<void>;
}

/** Most groups of one user, and bytes of their names: they travel in his token. */
const MAX_GROUPS = 100;
const MAX_BYTES = 4000;

/**
 * Groups of a provider under names that no other provider has, by name, as many as a token takes.
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

/** An error of a provider for who logs in: 401 for a refusal, 503 where it gives no answer. */
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
   * Who is asked: for a linked user his provider alone, for somebody unknown all of them in order.
   * A user without a link has his local password, and after it only providers that map by name
   * alone (`mixed`). `named` is the one provider that the caller wants. Throws Unauthorized where
   * there is no such provider.
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
    const { annotations, labels, name } = user.metadata;
    const asked = annotations?.[ORIGIN_UID_KEY] ?? labels?.[ORIGIN_UID_KEY] ?? name!;

    if (own.length > 0) {
      return { local: false, asked, providers: own };
    }

    const byName = all.filter(({ mappingMethod }) => mappingMethod === 'mixed');

    // Without a password here the providers are asked, to say to who knows one that he is not
    // linked.
    if (providerOf(user) === undefined && !user.spec?.password) {
      return { local: false, asked: name!, providers: all };
    }

    return { local: true, asked: name!, providers: byName };
  }

  /**
   * Asks providers in order until one lets somebody in; answers undefined when all say no. Throws
   * Unauthorized where the account is not the user's, 503 when nobody says yes and one gave no
   * answer, and what `attempt` throws.
   */
  async ask(
    { local, asked, providers }: PasswordPlan,
    password: string,
    attempt: Attempt,
  ): Promise<ProvidedUser | undefined> {
    let failure: unknown;

    // Where the local password decides first, it has said no.
    let refusals = local ? 1 : 0;

    for (const open of providers) {
      let identity: ProviderIdentity | undefined;
      let isHis = false;

      try {
        identity = await open.provider.authenticate(asked, password, (found) => {
          const owner = this.#accounts.owner(open, found);
          if (!owner) {
            return;
          }

          isHis = true;
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
        const user = await this.#accounts.resolve(open, identity, false);
        return { user, provider: open.name, groups: groupNames(open.name, identity) };
      }

      // The user's own provider says no, and nobody else has a say.
      if (isHis) {
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
