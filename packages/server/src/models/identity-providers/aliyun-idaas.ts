import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { Type } from 'typebox';
import { providerFetch } from './http.ts';
import { authorizationURL, shownOf, textOf, userInfo } from './oauth2.ts';
import { ProviderError, type ProviderType } from './provider.ts';
import { httpURL, OAUTH } from './settings.ts';
import { tlsOptions } from './tls.ts';

const settings = Type.Object(OAUTH);

/** Alibaba Cloud IDaaS: OAuth 2.0, with the user in its own envelope. */
export const aliyunIDaaS: ProviderType<typeof settings> = {
  settings,
  async open(given) {
    for (const field of ['authURL', 'tokenURL', 'userInfoURL'] as const) {
      httpURL(`endpoint.${field}`, given.endpoint[field]);
    }

    httpURL('redirectURL', given.redirectURL);

    const fetch = providerFetch(await tlsOptions(given));

    return {
      kind: 'redirect',
      credential: 'code',
      redirectURL: given.redirectURL,
      shown: async () => shownOf(given),
      begin: async (secrets) => authorizationURL(given, secrets),
      async finish(query) {
        const { success, data } = await userInfo(fetch, given, query.get('code') ?? '');
        if (success !== true) {
          throw new ProviderError('the request for the user was refused', { outcome: 'refused' });
        }

        const user = isObject(data) ? data : {};

        const uid = textOf(user.sub);
        const username = textOf(user.username);
        if (uid === undefined || username === undefined) {
          throw new ProviderError('the provider returned no sub and username', {
            outcome: 'failed',
          });
        }

        const email = textOf(user.email);
        const displayName = textOf(user.nickname);

        return { uid, username, ...(email && { email }), ...(displayName && { displayName }) };
      },
    };
  },
};
