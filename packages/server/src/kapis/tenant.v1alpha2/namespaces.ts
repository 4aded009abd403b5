import { CREATOR_ANNOTATION } from '@ks-apiserver/api/annotations';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { NAMESPACES } from '@ks-apiserver/api/resources';
import { forbidden, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import { missing, requireName } from '../../models/iam/errors.ts';
import type { ListQuery } from '../../models/resources/query/query.ts';
import type { TenantPage } from '../../models/tenant/tenants.ts';
import { objectReply, pageReply, SUCCESS } from '../page-reply.ts';
import type { TenantDependencies } from './dependencies.ts';
import { guarded } from './errors.ts';
import { tenantList } from './tenant-list.ts';

/** How often a patch is repeated when the namespace changes meanwhile. */
const PATCH_ATTEMPTS = 5;

/** Handlers of a workspace's namespaces and DevOps projects, one for each operation. */
export function namespaceHandlers(
  dependencies: TenantDependencies,
): Record<
  'list' | 'federated' | 'devops' | 'clusters' | 'get' | 'create' | 'update' | 'patch' | 'delete',
  Handler
> {
  const { gate, client, catalog, tenants } = dependencies;

  /**
   * Returns the member whom a path names, else the caller; a member's groups are not known here.
   * Throws Forbidden when the caller may not ask about the member.
   */
  const subject = (params: Readonly<Record<string, string>>, user: UserInfo): UserInfo => {
    const { workspace = '', workspacemember } = params;
    if (workspacemember === undefined || workspacemember === user.name) {
      return user;
    }
    if (tenants.inspectsMembers(user, workspace)) {
      return { name: workspacemember, groups: [] };
    }

    throw forbidden(
      { group: 'iam.kubesphere.io', resource: 'workspacemembers', name: workspacemember },
      `User "${user.name}" cannot list resource "workspacemembers" in API group "iam.kubesphere.io" in the workspace "${workspace}"`,
    );
  };

  /** Lists what the member whom a path names has there. */
  const ofSubject = (
    request: RouteRequest,
    read: (user: UserInfo, query: ListQuery) => Promise<TenantPage | undefined>,
  ) => {
    const { params, user } = request;
    const named = subject(params, user);

    const check = () => {
      try {
        subject(params, user);
        return undefined;
      } catch (error) {
        return error as StatusError;
      }
    };

    return tenantList(dependencies, request, (query) => read(named, query), check);
  };

  /** Returns the namespace of the path, which must belong to its workspace. Throws NotFound. */
  const own = (params: Readonly<Record<string, string>>) => {
    const entry = catalog.informerOf('namespaces').store.get(params.namespace ?? '');
    if (!entry || entry.labels[WORKSPACE_LABEL] !== params.workspace) {
      throw missing('namespace', '', params.namespace ?? '');
    }

    return entry;
  };

  /** Returns the body with the label of the path's workspace, whatever it says itself. */
  const labelled = (given: KubeObject, workspace: string): KubeObject => ({
    ...given,
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...given.metadata,
      labels: { ...given.metadata?.labels, [WORKSPACE_LABEL]: workspace },
    },
  });

  return {
    list: (request) =>
      ofSubject(request, (user, query) =>
        tenants.namespaces(user, request.params.workspace ?? '', query, request),
      ),

    federated: (request) =>
      ofSubject(request, (user, query) =>
        tenants.federatedNamespaces(user, request.params.workspace ?? '', query, request),
      ),

    devops: (request) =>
      ofSubject(request, (user, query) =>
        tenants.devopsProjects(user, request.params.workspace ?? '', query, request),
      ),

    clusters: async (request) => {
      const { page, definition } = await tenants.clusters(request.user, request);
      return pageReply(page, definition, catalog);
    },

    get: guarded(({ params, user }) => {
      const entry = own(params);
      // Projects of others are hidden from the caller: 3.0 shows every project to everybody here.
      if (!tenants.seesNamespace(user, params.workspace ?? '', entry.name)) {
        throw missing('namespace', '', entry.name);
      }

      return objectReply(entry, catalog.definition('namespaces'), catalog);
    }),

    create: guarded(({ params, body, user, dryRun }) => {
      const namespace = labelled(body as KubeObject, params.workspace ?? '');
      // The creator of a project becomes its admin; the console sets the annotation itself, scripts
      // often do not.
      const annotations = { [CREATOR_ANNOTATION]: user.name, ...namespace.metadata.annotations };
      const named = { ...namespace, metadata: { ...namespace.metadata, annotations } };

      return gate.clientFor(user).create(NAMESPACES, named, { dryRun });
    }),

    update: guarded(({ params, body, user, dryRun }) => {
      const given = body as KubeObject;

      own(params);
      requireName(given, params.namespace ?? '');

      return gate
        .clientFor(user)
        .update(NAMESPACES, labelled(given, params.workspace ?? ''), { dryRun });
    }),

    patch: guarded(async ({ params, body, user, dryRun }) => {
      const { name } = own(params);
      const given = labelled(body as KubeObject, params.workspace ?? '');
      for (let attempt = 1; ; attempt += 1) {
        // The label is set by force, which must not take back a namespace that has just moved to
        // another workspace.
        const now = await client.get({ resource: NAMESPACES, name });
        if (now.metadata.labels?.[WORKSPACE_LABEL] !== params.workspace) {
          throw missing('namespace', '', name);
        }

        const { resourceVersion = now.metadata.resourceVersion } = given.metadata;
        const patch = { ...given, metadata: { ...given.metadata, resourceVersion } };

        try {
          return await gate
            .clientFor(user)
            .patch({ resource: NAMESPACES, name }, patch, { dryRun });
        } catch (error) {
          const changed = error instanceof StatusError && error.reason === 'Conflict';
          if (!changed || given.metadata.resourceVersion || attempt === PATCH_ATTEMPTS) {
            throw error;
          }
        }
      }
    }),

    delete: guarded(async ({ params, user, dryRun }) => {
      await gate
        .clientFor(user)
        .delete({ resource: NAMESPACES, name: own(params).name }, { dryRun });
      return SUCCESS;
    }),
  };
}
