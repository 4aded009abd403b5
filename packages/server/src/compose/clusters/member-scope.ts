import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { CacheBudget } from '@ks-apiserver/client/informer/informer-store';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Logger } from 'pino';
import type { Config } from '../../config/config-schema.ts';
import type { Bindings } from '../../models/authorization/bindings/bindings.ts';
import type { OpaServer } from '../../models/authorization/opa/opa.ts';
import { Visibility } from '../../models/authorization/visible-namespaces.ts';
import { HOST_GROUPS, HostGroupsTransport } from '../../models/clusters/host-groups.ts';
import type { MemberScope, OpenedMember, OpenScope } from '../../models/clusters/member-scopes.ts';
import { Catalog } from '../../models/resources/catalog/catalog.ts';
import { RESOURCES } from '../../models/resources/catalog/table.ts';
import { openAuthorizer } from '../access.ts';

/** How much is cached of a member, in bytes: one that sends objects without end must not fill all. */
const MEMBER_BYTES = 2 * 1024 ** 3;

/** How long a kind of a member is followed after its last use, in milliseconds. */
const KIND_IDLE_MS = 10 * 60_000;

/** What scopes of members are made with. */
export interface MemberScopeContext {
  config: Config;
  host: { transport: KubeTransport; catalog: Catalog; bindings: Bindings };
  overrides: OpaServer | undefined;
  log: Logger;
}

/** Returns what makes the scope of a member: with its own roles, or with the host's. */
export function memberScopeOpener({ config, host, overrides, log }: MemberScopeContext): OpenScope {
  return async (member: OpenedMember, signal: AbortSignal): Promise<MemberScope> => {
    const { name, hasKubeSphere, transport } = member;

    // Callers' own calls go to the member alone; only models also see what the host keeps for it.
    const client = new KubeClient(
      hasKubeSphere ? transport : new HostGroupsTransport(transport, host.transport),
    );

    const catalog = new Catalog(client, RESOURCES, {
      idleMs: KIND_IDLE_MS,
      keeps: 'held',
      budget: new CacheBudget(MEMBER_BYTES),
      report: (problem) => log.warn({ cluster: name }, problem),
      ...(!hasKubeSphere && { shared: { catalog: host.catalog, groups: HOST_GROUPS } }),
    });

    const end = new AbortController();

    try {
      await catalog.start(signal);

      const { bindings, held, authorizer } = openAuthorizer({
        config,
        catalog,
        overrides,
        ...(!hasKubeSphere && { hostBindings: host.bindings }),
      });
      const visibility = new Visibility(authorizer, bindings, catalog);

      return {
        client,
        transport,
        catalog,
        authorizer,
        bindings,
        held,
        visibility,
        ended: end.signal,
        close: () => {
          end.abort();
          return catalog.stop();
        },
      };
    } catch (error) {
      await catalog.stop();
      throw error;
    }
  };
}
