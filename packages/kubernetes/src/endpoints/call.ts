import type { KubeRequest, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RbacAuthorizer } from '../registry/authorization/rbac.ts';
import type { ServiceAccountTokens } from '../registry/authorization/service-account-tokens.ts';
import type { ResourceCatalog } from '../registry/resources/resource-catalog.ts';
import type { ResourceType } from '../registry/resources/resource-type.ts';
import type { RegistryStore } from '../registry/store/registry-store.ts';
import type { WatchHub } from '../registry/store/watch-hub.ts';
import type { ApiPath } from './api-path.ts';
import type { ListCache } from './list/list-cache.ts';

/** The parts of the API that all calls use. */
export interface Api {
  catalog: ResourceCatalog;
  store: RegistryStore;
  hub: WatchHub;
  rbac: RbacAuthorizer;
  tokens: ServiceAccountTokens;
  lists: ListCache;
}

/** One call of a resource. */
export interface Call {
  api: Api;
  request: KubeRequest;
  query: URLSearchParams;
  user: UserInfo;
  type: ResourceType;
  path: ApiPath;
  /** Texts of the response's Warning headers. */
  warnings: string[];
  now: Date;
}
