import { isIP } from 'node:net';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
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

/** Longest name and password that are sent to a directory, in characters. */
const MAX_INPUT = 512;

/**
 * Result codes of a bind that refuse this password (RFC 4511 appendix A.2): constraint,
 * authentication, credentials, access, unwilling.
 */
const REFUSALS = new Set([19, 48, 49, 50, 53]);

function isRefusal(error: unknown): boolean {
  return REFUSALS.has(Object(error).code);
}

function parseAddress({
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
  const defaultPort = scheme === 'ldaps' ? LDAPS_PORT : LDAP_PORT;
  const port = url.port === '' ? defaultPort : Number(url.port);
  const withStartTls = startTLS ? 'startTLS' : 'none';

  // 3.x's startTLS begins with TLS at once, so configurations have the port of ldaps with it.
  const isLdaps = scheme === 'ldaps' || (startTLS && port === LDAPS_PORT);

  return {
    host: isIP(bare) ? bare : bare.toLowerCase(),
    port,
    security: isLdaps ? 'ldaps' : withStartTls,
  };
}

const ATTRIBUTES = [
  'loginAttribute',
  'mailAttribute',
  'displayNameAttribute',
  'userMemberAttribute',
  'groupMemberAttribute',
] as const;

/** Parses a filter of the configuration (RFC 4515). Throws a SettingsError. */
async function parseFilter(
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
      `${JSON.stringify(text)} is no filter such as (objectClass=person): ${messageOf(error)}`,
    );
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * Whether a name and password are worth sending: control characters and very long texts are not.
 */
function isPlausible(username: string, password: string): boolean {
  // A bind with an empty password would be unauthenticated, which succeeds (RFC 4513 section
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
    if (isRefusal(error)) {
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
   * Returns the only entry of a log-in name. The name is a value of its own in the request, never
   * part of a text that is parsed.
   */
  async #findEntry(client: Client, username: string): Promise<Entry | undefined> {
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
      // One more than allowed, to notice a second entry. Referrals in the answer are not followed.
      sizeLimit: 2,
      attributes: [loginAttribute, mailAttribute, displayNameAttribute, userMemberAttribute].filter(
        (name) => name !== '',
      ),
    });

    return searchEntries.length === 1 ? searchEntries[0] : undefined;
  }

  #identityOf(entry: Entry): ProviderIdentity | undefined {
    const { loginAttribute, mailAttribute, displayNameAttribute } = this.#settings;
    const first = (attribute: string) =>
      attribute === '' ? undefined : valuesOf(entry, attribute)[0];
    const login = first(loginAttribute);
    if (login === undefined) {
      return undefined;
    }

    const email = first(mailAttribute);
    const displayName = first(displayNameAttribute);

    // Directories compare names without case; 3.x stored them as written.
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

      const entry = await this.#findEntry(client, username);
      const identity = entry && this.#identityOf(entry);
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
        if (isRefusal(error)) {
          return undefined;
        }
        throw error;
      }

      const { userMemberAttribute, groupSearchBase } = this.#settings;
      if (userMemberAttribute === '' && groupSearchBase === '') {
        return identity;
      }

      // The user may not be allowed to read groups.
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

    const where = {
      ...parseAddress(given),
      tls: await tlsOptions(given),
      timeoutMs: given.readTimeout,
    };
    const userFilter = await parseFilter('userSearchFilter', given.userSearchFilter);

    return new Ldap(
      given,
      where,
      userFilter,
      await parseFilter('groupSearchFilter', given.groupSearchFilter),
    );
  },
};
