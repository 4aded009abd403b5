import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import type { Visibility } from '../../models/authorization/visible-namespaces.ts';
import type { ClusterSearch } from '../../models/clusters/lists/cluster-search.ts';
import type { UserList } from '../../models/iam/users/user-list.ts';
import type { LiveLists } from '../../models/live/live-lists.ts';
import type { Outbound } from '../../models/outbound/outbound.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';

/** Where the group's operations are. */
export const BASE = '/kapis/resources.kubesphere.io/v1alpha3';

/** What the handlers of this group work with. */
export interface ResourceDependencies {
  catalog: Catalog;
  authorizer: Authorizer;
  visibility: Visibility;
  live: LiveLists;
  userList: UserList;
  client: KubeReader;
  /** Lists of several clusters; undefined where this server knows no others. */
  clusters: ClusterSearch | undefined;
  /** Calls servers that users name. */
  outbound: Outbound;
}
