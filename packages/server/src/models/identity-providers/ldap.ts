import { isIP } from 'node:net';
import type { Client, Entry, Filter } from 'ldapts';
import { type Static, Type } from 'typebox';
import { type LdapAddress, withDirectory } from './ldap-connection.ts';
import { groupsOf, valuesOf } from './ldap-groups.ts';
import {
  type PasswordProvider,
  ProviderError,
  type ProviderIdentity,
  type ProviderType,
  SettingsError,
} from './provider.ts';
import { Flag, Needed, Text, TLS } from './settings.ts';
import { tlsOptions } from './tls.ts';

const settings = Type.Object({
  // `host`, `host:port`, or a URL with ldap:// or ldaps://.
  host: Needed(),
  // For all of a log-in, in milliseconds.
  readTimeout: Type.Integer({ default: 5000, minimum: 100, maximum: 60_000 }),
  startTLS: Flag(),
  ...TLS,
  managerDN: Text(),
  managerPassword: Text(),
  userSearchBase: Needed(),
  userSearchFilter: Text(),
  userMemberAttribute: Text(),
  groupSearchBase: Text(),
  groupSearchFilter: Text(),
  groupMemberAttribute: Text(),
  loginAttribute: Needed(),
  mailAttribute: Text('mail'),
  displayNameAttribute: Text(),
});

type LdapSettings = Static<typeof settings>;

const LDAP_PORT = 389;
const LDAPS_PORT = 636;

/** Longest name and password that a directory is asked about, in characters. */
const MAX_INPUT = 512;

/**
 * Result codes of a bind that say no to this password (RFC 4511 appendix A.2): constraint,
 * authentication, credentials, access, unwilling.
 */
const REFUSALS = new Set([19, 48, 49, 50, 53]);

function address({
  host,
  startTLS,
}: LdapSettings): Pick<LdapAddress, 'host' | 'port' | 'security'> {
  const text = /^[a-z]+:\/\//i.test(host) ? host : `ldap://${host}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1);

  const plain =
    url &&
    `${url.username}${url.password}${url.search}${url.hash}${url.pathname.replace(/^\/$/, '')}` ===
      '';

  if (!url || !plain || url.hostname === '' || (scheme !== 'ldap' && scheme !== 'ldaps')) {
    throw new SettingsError(
      'host',
      `${JSON.stringify(host)} is no address such as ldap.example.com:389 or ldaps://ldap.example.com`,
    );
  }

  const bare = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (scheme === 'ldaps' ? LDAPS_PORT : LDAP_PORT) : Number(url.port);

  // 3.x's startTLS opens TLS at once, so that configurations name the port of ldaps with it.
  const atOnce = scheme === 'ldaps' || (startTLS && port === LDAPS_PORT);

  return {
    host: isIP(bare) ? bare : bare.toLowerCase(),
    port,
    security: atOnce ? 'ldaps' : startTLS ? 'startTLS' : 'none',
  };
}

const ATTRIBUTES = [
  'loginAttribute',
  'mailAttribute',
  'displayNameAttribute',
  'userMemberAttribute',
  'groupMemberAttribute',
] as const;

/** A filter of the configuration (RFC 4515), parsed. Throws a SettingsError. */
async function filterOf(
  field: 'userSearchFilter' | 'groupSearchFilter',
  text: string,
): Promise<Filter | undefined> {
  if (text === '') {
    return undefined;
  }

  const { FilterParser } = await import('ldapts');

  try {
    return FilterParser.parseString(text.startsWith('(') ? text : `(${text})`);
  } catch (error) {
    throw new SettingsError(
      field,
      `${JSON.stringify(text)} is no filter such as (objectClass=person): ${(error as Error).message}`,
    );
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * Whether a name or password can be one at all: control characters and endless texts are not sent
 * to a directory.
 */
function isPlausible(username: string, password: string): boolean {
  // An empty password would make the bind an unauthenticated one, which succeeds (RFC 4513 section
  // 5.1.2).
  if (password === '' || username.trim() === '') {
    return false;
  }

  return (
    username.length <= MAX_INPUT &&
    password.length <= MAX_INPUT &&
    !CONTROL_CHARACTER.test(username)
  );
}

async function bindAsManager(
  client: Client,
  { managerDN, managerPassword }: LdapSettings,
): Promise<void> {
  if (managerDN === '') {
    return;
  }

  try {
    await client.bind(managerDN, managerPassword);
  } catch (error) {
    if (REFUSALS.has((error as { code?: number }).code ?? 0)) {
      throw new ProviderError('the directory refuses the managerDN of the configuration', {
        outcome: 'failed',
        cause: error,
      });
    }

    throw error;
  }
}

class Ldap implements PasswordProvider {
  readonly kind = 'password';
  readonly #settings: LdapSettings;
  readonly #address: LdapAddress;
  readonly #userFilter: Filter | undefined;
  readonly #groupFilter: Filter | undefined;

  constructor(
    given: LdapSettings,
    address: LdapAddress,
    userFilter: Filter | undefined,
    groupFilter: Filter | undefined,
  ) {
    this.#settings = given;
    this.#address = address;
    this.#userFilter = userFilter;
    this.#groupFilter = groupFilter;
  }

  /**
   * The one entry of a log-in name: the name is a value of its own in the request, never part of a
   * text that is parsed.
   */
  async #entry(client: Client, username: string): Promise<Entry | undefined> {
    const { AndFilter, EqualityFilter } = await import('ldapts');

    const {
      loginAttribute,
      mailAttribute,
      displayNameAttribute,
      userMemberAttribute,
      userSearchBase,
    } = this.#settings;

    const isUser = new EqualityFilter({ attribute: loginAttribute, value: username });

    const { searchEntries } = await client.search(userSearchBase, {
      scope: 'sub',
      filter: this.#userFilter ? new AndFilter({ filters: [isUser, this.#userFilter] }) : isUser,
      // One more than may be found, so that a second one is noticed. Referrals that come along are
      // not followed.
      sizeLimit: 2,
      attributes: [loginAttribute, mailAttribute, displayNameAttribute, userMemberAttribute].filter(
        (name) => name !== '',
      ),
    });

    return searchEntries.length === 1 ? searchEntries[0] : undefined;
  }

  #identity(entry: Entry): ProviderIdentity | undefined {
    const { loginAttribute, mailAttribute, displayNameAttribute } = this.#settings;
    const first = (attribute: string) =>
      attribute === '' ? undefined : valuesOf(entry, attribute)[0];
    const login = first(loginAttribute);
    if (login === undefined) {
      return undefined;
    }

    const email = first(mailAttribute);
    const displayName = first(displayNameAttribute);

    // Directories compare names without case; 3.x kept them as they are written.
    const uid = login.toLowerCase();

    return {
      uid,
      ...(uid !== login && { formerUid: login }),
      username: login,
      ...(email && { email }),
      ...(displayName && { displayName }),
    };
  }

  async authenticate(
    username: string,
    password: string,
    beforeBind: (identity: ProviderIdentity) => void,
  ) {
    if (!isPlausible(username, password)) {
      return undefined;
    }

    const prevented: unknown[] = [];

    const found = await withDirectory(this.#address, async (client) => {
      await bindAsManager(client, this.#settings);

      const entry = await this.#entry(client, username);
      const identity = entry && this.#identity(entry);
      if (!entry || !identity || entry.dn === '') {
        return undefined;
      }

      try {
        beforeBind(identity);
      } catch (reason) {
        prevented.push(reason);
        return undefined;
      }

      try {
        await client.bind(entry.dn, password);
      } catch (error) {
        if (REFUSALS.has((error as { code?: number }).code ?? 0)) {
          return undefined;
        }
        throw error;
      }

      const { userMemberAttribute, groupSearchBase } = this.#settings;
      if (userMemberAttribute === '' && groupSearchBase === '') {
        return identity;
      }

      // The user himself may not be allowed to read groups.
      await bindAsManager(client, this.#settings);

      const groups = await groupsOf(
        client,
        { ...this.#settings, filter: this.#groupFilter },
        entry,
        identity.username,
      );

      return { ...identity, groups };
    });

    if (prevented.length > 0) {
      throw prevented[0];
    }

    return found;
  }
}

/**
 * LDAP and Active Directory: finds the entry of a log-in name as the manager, then binds as that
 * entry.
 */
export const ldap: ProviderType<typeof settings> = {
  settings,
  async open(given) {
    if (given.managerDN !== '' && given.managerPassword === '') {
      throw new SettingsError(
        'managerPassword',
        'is needed with managerDN: without one the bind would be anonymous',
      );
    }

    for (const field of ATTRIBUTES) {
      if (given[field] !== '' && !/^[A-Za-z0-9][A-Za-z0-9.;-]*$/.test(given[field])) {
        throw new SettingsError(
          field,
          `${JSON.stringify(given[field])} is no name of an attribute`,
        );
      }
    }

    const where = { ...address(given), tls: await tlsOptions(given), timeoutMs: given.readTimeout };
    const userFilter = await filterOf('userSearchFilter', given.userSearchFilter);

    return new Ldap(
      given,
      where,
      userFilter,
      await filterOf('groupSearchFilter', given.groupSearchFilter),
    );
  },
};
