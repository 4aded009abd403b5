import { DEVOPS_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { subjectsOf } from '@ks-apiserver/api/subject';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';

/** What a user may do with the pipelines of a project: look at them, or also run them. */
export type PipelineAccess = 'viewer' | 'operator';

/** How long the users with rights to all projects are remembered, in milliseconds. */
const REMEMBERED_MS = 60_000;

/** What the users of projects are found by. */
export interface ProjectUsersDependencies {
  authorizer: Authorizer;
  bindings: Bindings;
  catalog: Catalog;
  users: Informer;
  adminNamespaceOf: (project: string) => string;
}

function identityOf(name: string): UserInfo {
  return { name, groups: ['system:authenticated'] };
}

/**
 * Finds the users of DevOps projects by their roles. Rights by groups of an identity provider are
 * known only while such a user is signed in, and do not count here.
 */
export class ProjectUsers {
  readonly #dependencies: ProjectUsersDependencies;
  #everywhere: { names: readonly string[]; at: number } | undefined;

  constructor(dependencies: ProjectUsersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether a user may do everything on the platform. */
  administers(user: string): boolean {
    return this.#dependencies.authorizer.holdsEverything(identityOf(user));
  }

  /** Returns the users who may use the pipelines of a project, without the administrators. */
  of(project: string): ReadonlyMap<string, PipelineAccess> {
    const { catalog, users } = this.#dependencies;
    const workspace =
      catalog.informerOf('devopsprojects').store.get(project)?.labels[WORKSPACE_LABEL] ?? '';
    const found = new Map<string, PipelineAccess>();

    for (const name of new Set([...this.#bound(project, workspace), ...this.#ofAllProjects()])) {
      const access =
        users.store.get(name) && !this.administers(name)
          ? this.#accessOf(name, project)
          : undefined;

      if (access) {
        found.set(name, access);
      }
    }

    return found;
  }

  #accessOf(name: string, project: string): PipelineAccess | undefined {
    const { authorizer } = this.#dependencies;
    const user = identityOf(name);
    const pipelines = `/kapis/${DEVOPS_GROUP}/v1alpha2/devops/${project}/pipelines/x`;

    if (authorizer.allows(user, parseRequestInfo('POST', `${pipelines}/runs`))) {
      return 'operator';
    }

    return authorizer.allows(user, parseRequestInfo('GET', pipelines)) ? 'viewer' : undefined;
  }

  /** Names of the users, and of the members of the groups, that bindings of the project name. */
  #bound(project: string, workspace: string): string[] {
    const { bindings, adminNamespaceOf } = this.#dependencies;
    const namespace = adminNamespaceOf(project);

    const subjects = [
      ...(namespace === '' ? [] : bindings.namespace.entriesIn(namespace)),
      ...(workspace === '' ? [] : bindings.workspace.entriesIn(workspace)),
    ].flatMap((entry) => (entry.object ? subjectsOf(entry.object) : []));

    const ofKind = (wanted: string) =>
      subjects.filter(({ kind }) => kind === wanted).map(({ name }) => name);

    return [
      ...ofKind('User'),
      ...new Set(ofKind('Group').flatMap((group) => bindings.groups.membersOf(workspace, group))),
    ];
  }

  /** Names of the users whose global role reaches pipelines of every project. */
  #ofAllProjects(): readonly string[] {
    const { authorizer, users } = this.#dependencies;
    const now = performance.now();

    if (!this.#everywhere || now - this.#everywhere.at > REMEMBERED_MS) {
      const names = [...users.store.values()]
        .map(({ name }) => name)
        .filter((name) =>
          authorizer.allowsGlobally(identityOf(name), 'get', DEVOPS_GROUP, 'pipelines'),
        );

      this.#everywhere = { names, at: now };
    }

    return this.#everywhere.names;
  }
}
