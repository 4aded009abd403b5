import { jsonReply, type Route, type RouteReply } from '@ks-apiserver/http/routes/route';
import type { Config } from '../../config/config-schema.ts';
import type { IdentityProviders } from '../../models/identity-providers/registry.ts';
import type { SearchBackends } from '../../models/observability/searches.ts';
import { configz, oauthOptions } from './configs.ts';
import { ConfigzSchema, GpuKindsSchema, OAuthOptionsSchema } from './types.ts';

const BASE = '/kapis/config.kubesphere.io/v1alpha2';
const TAGS = ['Configurations'];

/**
 * config.kubesphere.io/v1alpha2: the part of the configuration that log-in pages and other clusters
 * need, open to anybody.
 */
export function configV1alpha2(
  config: Config,
  { providers }: { providers: IdentityProviders },
  searched: SearchBackends,
): Route[] {
  let features: RouteReply | undefined;

  const featuresReply = () => {
    features ??= jsonReply(configz(config, searched));
    return features;
  };

  return [
    {
      method: 'GET',
      path: `${BASE}/configs/configz`,
      operationId: 'configz',
      summary: 'Features that are on',
      tags: TAGS,
      returns: ConfigzSchema,
      handler: featuresReply,
    },
    {
      method: 'GET',
      path: `${BASE}/configs/oauth`,
      operationId: 'oauthConfig',
      summary: 'OAuth settings without secrets',
      tags: TAGS,
      returns: OAuthOptionsSchema,
      handler: () => oauthOptions(config, providers),
    },
    {
      method: 'GET',
      path: `${BASE}/configs/gpu/kinds`,
      operationId: 'gpuKinds',
      summary: 'Resources of nodes that are GPUs',
      tags: TAGS,
      returns: GpuKindsSchema,
      handler: () => config.gpu.kinds,
    },
  ];
}
