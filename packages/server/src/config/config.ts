import { isIP } from 'node:net';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { TSchema } from 'typebox';
import { parse } from 'yaml';
import { PROVIDER_TYPES } from '../models/identity-providers/registry.ts';
import { type Config, ConfigSchema } from './config-schema.ts';

/**
 * A configuration or command line that cannot be used; its message is one line for the operator.
 */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Returns what `open` makes of the configuration. Throws what it throws as a ConfigError that begins
 * with `option`, the name of the section or of the option that is used.
 */
export function openConfigured<T>(option: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new ConfigError(`${option}: ${messageOf(error)}`);
  }
}

interface JsonSchema {
  type?: string;
  default?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  required?: readonly string[];
  items?: JsonSchema;
  'x-duration'?: boolean;
}

const UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Returns the milliseconds of a Go duration such as `1h30m`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    return text === '0' ? 0 : undefined;
  }

  let total = 0;

  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }

  return total;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function fail(path: string, value: unknown, allowed: string): never {
  throw new ConfigError(`${path}: ${shown(value)} is not valid, allowed is ${allowed}`);
}

function range(schema: JsonSchema): string {
  if (schema.minimum !== undefined && schema.maximum !== undefined && schema.maximum < 1e9) {
    return ` from ${schema.minimum} to ${schema.maximum}`;
  }
  return schema.minimum === undefined ? '' : ` of at least ${schema.minimum}`;
}

/** Returns the milliseconds of a duration in a file: nanoseconds, or text as in Go. */
function millisecondsOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return value / 1e6;
  }
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

/** Checks a scalar against its schema and returns it in the form that the server uses. */
function scalar(schema: JsonSchema, value: unknown, path: string): unknown {
  if (schema.enum) {
    return schema.enum.includes(value)
      ? value
      : fail(path, value, `one of ${schema.enum.join(', ')}`);
  }

  if (schema['x-duration']) {
    const milliseconds = millisecondsOf(value);

    return milliseconds !== undefined && milliseconds >= 0
      ? milliseconds
      : fail(path, value, 'a duration such as 2h30m, or nanoseconds');
  }

  if (schema.type === 'string') {
    if (typeof value === 'number' || typeof value === 'boolean') {
      return String(value);
    }

    return typeof value === 'string' && value.length >= (schema.minLength ?? 0)
      ? value
      : fail(path, value, 'a text');
  }

  if (schema.type === 'boolean') {
    if (value === 'true' || value === 'false') {
      return value === 'true';
    }
    return typeof value === 'boolean' ? value : fail(path, value, 'true or false');
  }

  const whole = schema.type === 'integer';
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;

  const fits =
    typeof number === 'number' &&
    (!whole || Number.isSafeInteger(number)) &&
    number >= (schema.minimum ?? -Infinity) &&
    number <= (schema.maximum ?? Infinity);

  return fits ? number : fail(path, value, `a${whole ? ' whole' : ''} number${range(schema)}`);
}

/** Checks a value, fills in defaults, and collects the paths of unknown keys. */
function read(schema: JsonSchema, value: unknown, path: string, unknown: string[]): unknown {
  const absent = value === undefined || value === null;
  if (absent) {
    value = schema.default;
  }

  if (schema.type === 'array') {
    if (!Array.isArray(value)) {
      return fail(path, value, 'a list');
    }
    return value.map((item, i) => read(schema.items ?? {}, item, `${path}[${i}]`, unknown));
  }

  if (schema.type !== 'object') {
    return absent ? value : scalar(schema, value, path);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(path || 'the file', value, 'a section with keys');
  }
  if (schema.patternProperties) {
    return value;
  }

  const properties = schema.properties ?? {};

  // 3.0 ignores the case of keys.
  const names = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]));
  const given = new Map<string, unknown>();

  for (const [key, item] of Object.entries(value)) {
    const name = names.get(key.toLowerCase());
    if (name === undefined) {
      unknown.push(path === '' ? key : `${path}.${key}`);
    } else {
      given.set(name, item);
    }
  }

  const result: Record<string, unknown> = {};

  for (const [name, property] of Object.entries(properties)) {
    const at = path === '' ? name : `${path}.${name}`;

    if (!given.has(name) && property.default === undefined) {
      if (schema.required?.includes(name)) {
        throw new ConfigError(`${at}: is missing`);
      }
      continue;
    }

    result[name] = read(property, given.get(name), at, unknown);
  }

  return result;
}

/** Parses kubesphere.yaml; returns the configuration and the unknown keys. Throws ConfigError. */
export function parseConfig(text: string): { config: Config; unknown: string[] } {
  let value: unknown;

  try {
    value = parse(text, { maxAliasCount: 100, logLevel: 'error' }) ?? {};
  } catch (error) {
    throw new ConfigError(`it is no YAML: ${messageOf(error).split('\n')[0]}`);
  }

  const unknown: string[] = [];
  const config = read(ConfigSchema as TSchema as JsonSchema, value, '', unknown) as Config;
  config.authentication.oauthOptions.identityProviders.forEach((entry, i) => {
    const path = `authentication.oauthOptions.identityProviders[${i}]`;
    const { settings } = PROVIDER_TYPES[entry.type] ?? fail(path, entry.type, 'a known type');
    entry.provider = read(
      settings as TSchema as JsonSchema,
      entry.provider,
      `${path}.provider`,
      unknown,
    ) as Record<string, unknown>;
  });

  checkNetworks('verification.allowedCIDRs', config.verification.allowedCIDRs);
  checkNetworks('authentication.trustedProxies', config.authentication.trustedProxies);
  checkOAuth(config.authentication.oauthOptions);
  checkMember(config);

  return { config, unknown };
}

/**
 * Checks the URLs that OAuth clients and browsers are sent to; 3.2's placeholder of an issuer
 * counts as none.
 */
function checkOAuth(options: Config['authentication']['oauthOptions']): void {
  const path = 'authentication.oauthOptions';

  if (options.issuer === 'kubesphere') {
    options.issuer = '';
  }

  if (options.issuer !== '' && !/^https?:\/\/[^\s?#@]+$/.test(options.issuer)) {
    fail(
      `${path}.issuer`,
      options.issuer,
      'a URL such as https://ks.example.com, without query and fragment',
    );
  }

  options.clients.forEach(({ redirectURIs, postLogoutRedirectURIs }, i) => {
    for (const [name, uris] of Object.entries({ redirectURIs, postLogoutRedirectURIs })) {
      for (const uri of uris) {
        if (
          uri !== '*' &&
          (!URL.canParse(uri) || /^(javascript|data|vbscript|blob|file):/i.test(uri))
        ) {
          fail(
            `${path}.clients[${i}].${name}`,
            uri,
            'a URI such as https://grafana.example.com/login/generic_oauth',
          );
        }
      }
    }
  });
}

/** Throws a ConfigError for a member that would look for sessions which only its host has. */
function checkMember({ authentication, multicluster }: Config): void {
  if (
    multicluster.clusterRole === 'member' &&
    authentication.oauthOptions.accessTokenMaxAge !== 0
  ) {
    throw new ConfigError(
      'multicluster.clusterRole: a member needs authentication.oauthOptions.accessTokenMaxAge: 0, because sessions are kept by its host',
    );
  }
}

function checkNetworks(path: string, cidrs: readonly string[]): void {
  cidrs.forEach((cidr, i) => {
    const [address = '', bits = ''] = cidr.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
      fail(`${path}[${i}]`, cidr, 'a network such as 10.0.0.0/8');
    }
  });
}
