import { Type } from 'typebox';
import { providerFetch } from './http.ts';
import { authorizationURL, shownOf, textOf, userInfo } from './oauth2.ts';
import { ProviderError, type ProviderType } from './provider.ts';
import { httpURL, OAUTH } from './settings.ts';
import { tlsOptions } from './tls.ts';

const settings = Type.Object(OAUTH);

/** GitHub, and GitHub Enterprise under URLs of its own. */
export const github: ProviderType<typeof settings> = {
  settings,
  async open(given) {
    const endpoint = {
      authURL: given.endpoint.authURL || 'https://github.com/login/oauth/authorize',
      tokenURL: given.endpoint.tokenURL || 'https://github.com/login/oauth/access_token',
      userInfoURL: given.endpoint.userInfoURL || 'https://api.github.com/user',
    };

    for (const [field, url] of Object.entries(endpoint)) {
      httpURL(`endpoint.${field}`, url);
    }

    httpURL('redirectURL', given.redirectURL);

    const own = { ...given, endpoint };
    const fetch = providerFetch(await tlsOptions(given));

    return {
      kind: 'redirect',
      credential: 'code',
      redirectURL: given.redirectURL,
      shown: async () => shownOf(own),
      begin: async (secrets) => authorizationURL(own, secrets),
      async finish(query) {
        const user = await userInfo(fetch, own, query.get('code') ?? '');
        const login = textOf(user.login);
        const { id } = user;
        if (login === undefined || typeof id !== 'number' || !Number.isSafeInteger(id)) {
          throw new ProviderError('GitHub returned no login and id', { outcome: 'failed' });
        }

        const email = textOf(user.email);
        const displayName = textOf(user.name);

        return {
          // A login can be given up and taken by somebody else, its number cannot. No login has a
          // dot.
          uid: `id.${id}`,
          formerUid: login,
          username: login,
          ...(email && { email }),
          ...(displayName && { displayName }),
        };
      },
    };
  },
};
