import { createHash } from 'node:crypto';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { LRUCache } from 'lru-cache';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import type { Authorizer } from './authorizer.ts';
import type { Bindings } from './bindings/bindings.ts';

/** Namespaces in which a user may list a resource. */
export interface VisibleNamespaces {
  names: ReadonlySet<string>;
  /** Equal for equal names. */
  key: string;
}

/** Resources that decide about rights: while none of them changes, nobody sees more or less. */
const DECIDING = [
  'globalroles',
  'globalrolebindings',
  'workspaceroles',
  'workspacerolebindings',
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'groups',
  'groupbindings',
  'namespaces',
];

/** Answers that are remembered; the least recently used is dropped first. */
const MAX_REMEMBERED = 1000;

/**
 * Finds the namespaces in which a user may list a resource. The cost grows with the namespaces that
 * they belong to, not with all.
 */
export class Visibility {
  readonly #authorizer: Authorizer;
  readonly #bindings: Bindings;
  /** The stores that decide about rights. */
  readonly deciding: readonly InformerStore[];
  readonly #workspaces = new Map<string, Set<string>>();
  readonly #known = new LRUCache<
    string,
    { version: number; visible: VisibleNamespaces | undefined }
  >({ max: MAX_REMEMBERED });

  /** The catalog must have started. */
  constructor(authorizer: Authorizer, bindings: Bindings, catalog: Catalog) {
    this.#authorizer = authorizer;
    this.#bindings = bindings;
    this.deciding = DECIDING.map((resource) => catalog.informerOf(resource).store);

    const namespaces = catalog.informerOf('namespaces').store;
    for (const { name, labels } of namespaces.values()) {
      this.#add(name, labels[WORKSPACE_LABEL]);
    }

    namespaces.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#remove(previous.name, previous.labels[WORKSPACE_LABEL]);
      }
      if (type !== 'DELETED') {
        this.#add(entry.name, entry.labels[WORKSPACE_LABEL]);
      }
    });
  }

  #add(namespace: string, workspace: string | undefined): void {
    if (!workspace) {
      return;
    }

    const names = this.#workspaces.get(workspace) ?? new Set();
    this.#workspaces.set(workspace, names.add(namespace));
  }

  #remove(namespace: string, workspace: string | undefined): void {
    const names = workspace && this.#workspaces.get(workspace);
    if (!workspace || !names) {
      return;
    }

    names.delete(namespace);

    if (names.size === 0) {
      this.#workspaces.delete(workspace);
    }
  }

  /** Grows with every change of the deciding stores. */
  get version(): number {
    let version = 0;

    for (const store of this.deciding) {
      version += store.version;
    }

    return version;
  }

  /**
   * Returns the namespaces in which a caller may make a list call of all namespaces, or of one
   * workspace. Undefined if they may make the call as it is and ask for no workspace. Modules of
   * roles are not evaluated.
   */
  of(
    user: UserInfo,
    info: RequestInfo,
    definition: ResourceDefinition,
    workspace: string | undefined,
  ): VisibleNamespaces | undefined {
    const asked = [
      info.verb,
      info.group,
      info.version,
      info.resource,
      info.subresource,
      definition.group,
      definition.version,
      definition.resource,
    ];

    const key = JSON.stringify([user.name, user.groups, asked, workspace]);
    const { version } = this;
    const known = this.#known.get(key);
    if (known?.version === version) {
      return known.visible;
    }

    const visible = this.#find(user, { ...info, visibleOnly: false }, definition, workspace);

    this.#known.set(key, { version, visible });

    return visible;
  }

  #find(
    user: UserInfo,
    info: RequestInfo,
    definition: ResourceDefinition,
    workspace: string | undefined,
  ): VisibleNamespaces | undefined {
    const everywhere = this.#allows(user, info, definition, '');
    if (everywhere && workspace === undefined) {
      return undefined;
    }

    const hidden = everywhere ? this.#authorizer.hiddenFrom(user, info) : undefined;
    const candidates = everywhere
      ? this.#workspaces.get(workspace ?? '')
      : this.#candidates(user, workspace);
    const names = [...(candidates ?? [])]
      .filter((name) =>
        everywhere ? !hidden?.has(name) : this.#allows(user, info, definition, name),
      )
      .sort();

    return {
      names: new Set(names),
      key: createHash('sha256').update(names.join()).digest('base64url'),
    };
  }

  #allows(
    user: UserInfo,
    info: RequestInfo,
    definition: ResourceDefinition,
    namespace: string,
  ): boolean {
    const scope = namespace === '' ? 'Cluster' : 'Namespace';
    if (!this.#authorizer.allows(user, { ...info, namespace, scope })) {
      return false;
    }
    if (!definition.needsOwnRight) {
      return true;
    }

    return this.#authorizer.allows(
      user,
      parseRequestInfo('GET', resourcePath(definition, namespace || undefined)),
    );
  }

  /**
   * Returns the namespaces that a user may have rights in: their own, and those of their
   * workspaces.
   */
  #candidates(user: UserInfo, workspace: string | undefined): ReadonlySet<string> {
    const candidates = new Set(this.#bindings.namespacesOf(user));

    for (const name of this.#bindings.workspacesOf(user)) {
      for (const namespace of this.#workspaces.get(name) ?? []) {
        candidates.add(namespace);
      }
    }

    if (workspace === undefined) {
      return candidates;
    }

    const ofWorkspace = this.#workspaces.get(workspace);

    return new Set([...candidates].filter((name) => ofWorkspace?.has(name)));
  }
}
