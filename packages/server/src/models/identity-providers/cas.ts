import { Type } from 'typebox';
import { providerFetch } from './http.ts';
import { textOf } from './oauth2.ts';
import { ProviderError, type ProviderType } from './provider.ts';
import { httpURL, Needed, TLS } from './settings.ts';
import { tlsOptions } from './tls.ts';

const settings = Type.Object({ casServerURL: Needed(), redirectURL: Needed(), ...TLS });

interface ServiceResponse {
  serviceResponse?: {
    authenticationSuccess?: { user?: unknown };
    authenticationFailure?: { '@code'?: unknown };
  };
}

async function parseResponse(xml: string): Promise<ServiceResponse> {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) {
    throw new ProviderError('CAS answers with a DTD', { outcome: 'failed' });
  }

  const { XMLParser } = await import('fast-xml-parser');

  const parser = new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: true,
  });

  try {
    return parser.parse(xml);
  } catch (cause) {
    throw new ProviderError('CAS answers with no XML', { outcome: 'failed', cause });
  }
}

/** Apereo CAS by its protocol 2.0 (`/login` and `/serviceValidate`). */
export const cas: ProviderType<typeof settings> = {
  settings,
  async open({ casServerURL, redirectURL, ...tls }) {
    const base = httpURL('casServerURL', casServerURL).href.replace(/\/+$/, '');

    httpURL('redirectURL', redirectURL);

    const fetch = providerFetch(await tlsOptions(tls));

    // CAS has no state parameter: the state is part of the service, which must be the same at both
    // ends.
    const serviceOf = (state: string | undefined) => {
      if (state === undefined) {
        return redirectURL;
      }
      return `${redirectURL}${redirectURL.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`;
    };

    return {
      kind: 'redirect',
      credential: 'ticket',
      redirectURL,
      // Consoles of 3.1 and later build their link from casServerURL if there is no authURL; 3.0's
      // do not support CAS.
      shown: async () => ({ casServerURL, redirectURL, endpoint: { authURL: '' } }),
      begin: async ({ state }) =>
        new URL(`${base}/login?service=${encodeURIComponent(serviceOf(state))}`),
      async finish(query, secrets) {
        const parameters = new URLSearchParams({
          service: serviceOf(secrets?.state),
          ticket: query.get('ticket') ?? '',
        });

        const response = await fetch(`${base}/serviceValidate?${parameters}`);
        if (!response.ok) {
          throw new ProviderError(`CAS answers with status ${response.status}`, {
            outcome: response.status >= 500 ? 'failed' : 'refused',
          });
        }

        const { serviceResponse } = await parseResponse(await response.text());
        const code = serviceResponse?.authenticationFailure?.['@code'];

        if (serviceResponse?.authenticationFailure !== undefined) {
          throw new ProviderError(
            `CAS refuses the ticket${typeof code === 'string' && /^\w{1,64}$/.test(code) ? `: ${code}` : ''}`,
            { outcome: 'refused' },
          );
        }

        const user = textOf(serviceResponse?.authenticationSuccess?.user);
        if (user === undefined) {
          throw new ProviderError('CAS returned no user', { outcome: 'failed' });
        }

        return { uid: user, username: user };
      },
    };
  },
};
