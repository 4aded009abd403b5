import type { Config } from '../../config/config-schema.ts';
import type { IdentityProviders } from '../../models/identity-providers/registry.ts';
import type { SearchBackends } from '../../models/observability/searches.ts';

/**
 * Returns which features the configuration turns on, under the names that the console and the
 * cluster controller read. Logs, events and audit records are on where they can be searched, also
 * without Elasticsearch.
 */
export function configz(config: Config, searched: SearchBackends): Record<string, boolean> {
  const set = (...values: readonly string[]) => values.some((value) => value !== '');
  const { servicemesh, openpitrix } = config;

  return {
    alerting: set(config.alerting.endpoint),
    auditing: searched.auditing !== undefined,
    authentication: true,
    authorization: true,
    devops: set(config.devops.host),
    events: searched.events !== undefined,
    kubernetes: true,
    logging: searched.logs !== undefined,
    monitoring: set(config.monitoring.endpoint) || config.monitoring.embedded.enable,
    multicluster: config.multicluster.enable,
    network: config.network.enableNetworkPolicy,
    notification: set(config.notification.endpoint),
    openpitrix: set(...Object.values(openpitrix)),
    redis: set(config.redis.host),
    s3: set(config.s3.endpoint),
    servicemesh: set(
      servicemesh.istioPilotHost,
      servicemesh.jaegerQueryHost,
      servicemesh.servicemeshPrometheusHost,
    ),
    sonarqube: set(config.sonarqube.host),
  };
}

/**
 * Returns the OAuth settings without secrets; of the providers' own settings those from which a
 * log-in page makes its link, as from 3.1 on.
 */
export async function oauthOptions(config: Config, opened: IdentityProviders) {
  const { accessTokenMaxAge, accessTokenInactivityTimeout, identityProviders, clients } =
    config.authentication.oauthOptions;

  const providers = await Promise.all(
    identityProviders.map(async ({ name, mappingMethod, type }) => {
      const opens = opened.find(name)?.provider;
      const provider = opens?.kind === 'redirect' ? await opens.shown() : undefined;
      return { name, mappingMethod, type, ...(provider && { provider }) };
    }),
  );

  const shown = clients.map(({ name, respondWithChallenges, redirectURIs, grantMethod }) => ({
    Name: name,
    respondWithChallenges,
    redirectURIs,
    grantMethod,
  }));

  return {
    ...(providers.length > 0 && { identityProviders: providers }),
    ...(shown.length > 0 && { clients: shown }),
    accessTokenMaxAge: accessTokenMaxAge * 1e6,
    accessTokenInactivityTimeout: accessTokenInactivityTimeout * 1e6,
  };
}
