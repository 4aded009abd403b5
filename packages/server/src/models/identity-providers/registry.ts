import { aliyunIDaaS } from './aliyun-idaas.ts';
import { cas } from './cas.ts';
import { github } from './github.ts';
import { ldap } from './ldap/ldap.ts';
import { oidc } from './oidc/oidc.ts';
import {
  type IdentityProvider,
  type MappingMethod,
  type OpenProvider,
  type PasswordProvider,
  type ProviderType,
  type RedirectProvider,
  SettingsError,
} from './provider.ts';
import { ProviderBreaker } from './provider-breaker.ts';

/** A type in the table; its settings are parsed by its own schema. */
type AnyType = Pick<ProviderType, 'settings'> & {
  open(settings: never): Promise<IdentityProvider>;
};

/** The types of 3.x's `identityProviders[].type`. */
export const PROVIDER_TYPES: Readonly<Record<string, AnyType>> = {
  LDAPIdentityProvider: ldap,
  OIDCIdentityProvider: oidc,
  GitHubIdentityProvider: github,
  CASIdentityProvider: cas,
  AliyunIDaaSProvider: aliyunIDaaS,
};

/** An entry of `identityProviders`; its settings are parsed by their type's schema. */
export interface ProviderConfig {
  name: string;
  type: string;
  mappingMethod: MappingMethod;
  allowMissingState: boolean;
  provider: Readonly<Record<string, unknown>>;
}

/** Names that labels, URLs and group names can all contain. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

function withBreaker(name: string, provider: IdentityProvider): IdentityProvider {
  const breaker = new ProviderBreaker(name);

  if (provider.kind === 'password') {
    return {
      kind: 'password',
      authenticate: (...given) => breaker.call(() => provider.authenticate(...given)),
    };
  }

  return {
    ...provider,
    begin: (secrets) => breaker.call(() => provider.begin(secrets)),
    finish: (query, secrets) => breaker.call(() => provider.finish(query, secrets)),
  };
}

/** The configured providers by name, in their order. */
export class IdentityProviders {
  readonly #byName: ReadonlyMap<string, OpenProvider>;

  constructor(providers: readonly OpenProvider[]) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
  }

  find(name: string): OpenProvider | undefined {
    return this.#byName.get(name);
  }

  /** Providers that check passwords themselves. */
  get passwords(): OpenProvider<PasswordProvider>[] {
    return [...this.#byName.values()].filter(
      (open): open is OpenProvider<PasswordProvider> => open.provider.kind === 'password',
    );
  }

  /** Providers to whose pages browsers are sent. */
  get redirects(): OpenProvider<RedirectProvider>[] {
    return [...this.#byName.values()].filter(
      (open): open is OpenProvider<RedirectProvider> => open.provider.kind === 'redirect',
    );
  }
}

/**
 * Opens all providers without calling them, so that one that is down delays nothing. Throws a
 * SettingsError whose field is a path below `identityProviders`, such as `[0].provider.host`.
 */
export async function openProviders(
  configs: readonly ProviderConfig[],
): Promise<IdentityProviders> {
  const opened: OpenProvider[] = [];

  for (const [i, { name, type, mappingMethod, allowMissingState, provider }] of configs.entries()) {
    if (!NAME.test(name) || name === 'system') {
      throw new SettingsError(
        `[${i}].name`,
        `${JSON.stringify(name)} must be letters, digits, dashes and dots, up to 63`,
      );
    }

    if (configs.findIndex((other) => other.name === name) !== i) {
      throw new SettingsError(
        `[${i}].name`,
        `${JSON.stringify(name)} is the name of two providers`,
      );
    }

    const known = PROVIDER_TYPES[type];
    if (!known) {
      throw new SettingsError(
        `[${i}].type`,
        `${JSON.stringify(type)} is not a type of identity provider`,
      );
    }

    try {
      opened.push({
        name,
        mappingMethod,
        allowMissingState,
        // The configuration's schema has read the settings by the type's own schema.
        provider: withBreaker(name, await known.open(provider as never)),
      });
    } catch (error) {
      if (!(error instanceof SettingsError)) {
        throw error;
      }
      throw new SettingsError(`[${i}].provider.${error.field}`, error.message);
    }
  }

  return new IdentityProviders(opened);
}
