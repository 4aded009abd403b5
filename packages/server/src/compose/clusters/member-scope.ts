import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
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
    const { name, hasKubeSphere } = member;
    const transport = hasKubeSphere
      ? member.transport
      : new HostGroupsTransport(member.transport, host.transport);
    const client = new KubeClient(transport);

    const catalog = new Catalog(client, RESOURCES, {
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
