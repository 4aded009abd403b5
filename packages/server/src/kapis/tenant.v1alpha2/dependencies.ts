import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Visibility } from '../../models/authorization/visible-namespaces.ts';
import type { Gate } from '../../models/gate/gate.ts';
import type { LiveLists } from '../../models/live/live-lists.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import type { Tenants } from '../../models/tenant/tenants.ts';
import type { WorkspaceQuotas } from '../../models/tenant/workspace-quotas.ts';

/** What the handlers of this group work with. */
export interface TenantDependencies {
  gate: Gate;
  client: KubeReader;
  catalog: Catalog;
  tenants: Tenants;
  quotas: WorkspaceQuotas;
  visibility: Visibility;
  live: LiveLists;
}
