import type { Route } from '@ks-apiserver/apiserver/routes/route';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { configV1alpha2 } from '../kapis/config.v1alpha2/routes.ts';
import { health, type Readiness } from '../kapis/health/routes.ts';
import { iamV1alpha2 } from '../kapis/iam.v1alpha2/routes.ts';
import { type OAuthParts, oauth } from '../kapis/oauth/routes.ts';
import { resourcesV1alpha3 } from '../kapis/resources.v1alpha3/routes.ts';
import { tenantV1alpha2 } from '../kapis/tenant.v1alpha2/routes.ts';
import { version } from '../kapis/version/routes.ts';
import type { Members } from '../models/iam/members.ts';
import type { Users } from '../models/iam/users.ts';
import type { Catalog } from '../models/resources/catalog.ts';
import { BUILD } from './build.ts';
import type { Config } from './config-schema.ts';
import type { Metrics } from './metrics.ts';

/** What the handlers of all groups work with. */
export interface RouteParts {
  config: Config;
  client: KubeClient;
  catalog: Catalog;
  oauth: OAuthParts;
  users: Users;
  members: Members;
  metrics: Metrics;
  readiness: Readiness;
}

/** Every operation of the server: all groups' tables one after the other. */
export function routes(parts: RouteParts): readonly Route[] {
  const { config, client, catalog, users, members, metrics, readiness } = parts;
  return [
    ...oauth(parts.oauth),
    ...configV1alpha2(config),
    ...version(client, BUILD),
    ...iamV1alpha2(users, members),
    ...tenantV1alpha2(client),
    ...resourcesV1alpha3(catalog),
    ...health(readiness, metrics.registry),
  ];
}
