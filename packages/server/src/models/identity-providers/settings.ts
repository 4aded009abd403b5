import { Type } from 'typebox';
import { SettingsError } from './provider.ts';

/** An optional text. */
export const Text = (value = '') => Type.String({ default: value });

/** A required text. */
export const Needed = () => Type.String({ minLength: 1 });
export const Flag = () => Type.Boolean({ default: false });

/**
 * Certificates that a TLS client trusts. `rootCA` is a file, `rootCAData` the same inline: PEM, or
 * PEM in base64 as in 3.x.
 */
export const TLS = { insecureSkipVerify: Flag(), rootCA: Text(), rootCAData: Text() };

/** Settings of every OAuth 2.0 provider. */
export const OAUTH = {
  clientID: Needed(),
  clientSecret: Text(),
  redirectURL: Needed(),
  scopes: Type.Array(Type.String(), { default: [] }),
  endpoint: Type.Object(
    {
      authURL: Text(),
      tokenURL: Text(),
      userInfoURL: Text(),
      jwksURL: Text(),
      endSessionURL: Text(),
    },
    { default: {} },
  ),
  ...TLS,
};

/**
 * Parses an absolute http or https URL without credentials and fragment. Throws a SettingsError.
 */
export function httpURL(field: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    text.includes('#')
  ) {
    throw new SettingsError(
      field,
      `${JSON.stringify(text)} is no URL such as https://example.com/path`,
    );
  }

  return url;
}
