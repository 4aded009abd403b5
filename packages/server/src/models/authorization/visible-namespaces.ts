import { createHash } from 'node:crypto';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Store } from '@ks-apiserver/client/informer/store';
import { resourcePath } from '@ks-apiserver/client/kube/client';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/catalog/definition.ts';
import type { Authorizer } from './authorizer.ts';
import type { Bindings } from './bindings/bindings.ts';

/** Namespaces in which somebody may list a resource. */
export interface VisibleNamespaces {
  names: ReadonlySet<string>;
  /** Same for the same names. */
  key: string;
}

/** What decides who may do what: when none of them changes, nobody sees more or less. */
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

const KEPT = 1000;

/**
 * Finds out in which namespaces somebody may list a resource, at the cost of those that he belongs
 * to.
 */
export class Visibility {
  readonly #authorizer: Authorizer;
  readonly #bindings: Bindings;
  /** The copies that decide who may do what. */
  readonly deciding: readonly Store[];
  readonly #workspaces = new Map<string, Set<string>>();
  readonly #known = new Map<string, { version: number; visible: VisibleNamespaces | undefined }>();

  /** The catalog must have started. */
  constructor(authorizer: Authorizer, bindings: Bindings, catalog: Catalog) {
    this.#authorizer = authorizer;
    this.#bindings = bindings;
    this.deciding = DECIDING.map((resource) => catalog.row(resource).store);

    const namespaces = catalog.row('namespaces').store;
    for (const { name, labels } of namespaces.values()) {
      this.#file(name, labels[WORKSPACE_LABEL], true);
    }

    namespaces.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#file(previous.name, previous.labels[WORKSPACE_LABEL], false);
      }
      if (type !== 'DELETED') {
        this.#file(entry.name, entry.labels[WORKSPACE_LABEL], true);
      }
    });
  }

  #file(namespace: string, workspace: string | undefined, present: boolean): void {
    if (!workspace) {
      return;
    }

    const names = this.#workspaces.get(workspace) ?? new Set();

    if (present) {
      names.add(namespace);
    } else {
      names.delete(namespace);
    }

    if (names.size > 0) {
      this.#workspaces.set(workspace, names);
    } else {
      this.#workspaces.delete(workspace);
    }
  }

  /** Grows with every change of what decides who may do what. */
  get version(): number {
    let version = 0;

    for (const store of this.deciding) {
      version += store.version;
    }

    return version;
  }

  /**
   * The namespaces in which a caller may make a list call of all namespaces, of one workspace if it
   * is given; undefined where he may make it as it is and asks for no workspace. Modules of roles
   * are not asked.
   */
  of(
    user: UserInfo,
    info: RequestInfo,
    row: ResourceDefinition,
    workspace: string | undefined,
  ): VisibleNamespaces | undefined {
    const asked = [
      info.verb,
      info.group,
      info.version,
      info.resource,
      row.group,
      row.version,
      row.resource,
    ];

    const key = JSON.stringify([user.name, user.groups, asked, workspace]);
    const { version } = this;
    const known = this.#known.get(key);
    if (known?.version === version) {
      return known.visible;
    }

    const visible = this.#find(user, { ...info, visibleOnly: false }, row, workspace);

    this.#known.delete(key);
    this.#known.set(key, { version, visible });

    // The oldest goes.
    if (this.#known.size > KEPT) {
      this.#known.delete(this.#known.keys().next().value!);
    }

    return visible;
  }

  #find(
    user: UserInfo,
    info: RequestInfo,
    row: ResourceDefinition,
    workspace: string | undefined,
  ): VisibleNamespaces | undefined {
    const everywhere = this.#allows(user, info, row, '');
    if (everywhere && workspace === undefined) {
      return undefined;
    }

    const hidden = everywhere ? this.#authorizer.hiddenFrom(user, info) : undefined;
    const names = [...this.#candidates(user, everywhere, workspace)]
      .filter((name) => (everywhere ? !hidden?.has(name) : this.#allows(user, info, row, name)))
      .sort();

    return {
      names: new Set(names),
      key: createHash('sha256').update(names.join()).digest('base64url'),
    };
  }

  #allows(user: UserInfo, info: RequestInfo, row: ResourceDefinition, namespace: string): boolean {
    const scope = namespace === '' ? 'Cluster' : 'Namespace';
    if (!this.#authorizer.allows(user, { ...info, namespace, scope })) {
      return false;
    }
    if (!row.needsOwnRight) {
      return true;
    }

    return this.#authorizer.allows(
      user,
      parseRequestInfo('GET', resourcePath(row, namespace || undefined)),
    );
  }

  /** Namespaces that somebody may have rights in: his own, and those of his workspaces. */
  #candidates(user: UserInfo, everywhere: boolean, workspace: string | undefined): Set<string> {
    const ofWorkspace =
      workspace === undefined ? undefined : (this.#workspaces.get(workspace) ?? new Set<string>());
    if (everywhere && ofWorkspace) {
      return ofWorkspace;
    }

    const candidates = new Set(this.#bindings.namespacesOf(user));

    for (const name of this.#bindings.workspacesOf(user)) {
      for (const namespace of this.#workspaces.get(name) ?? []) {
        candidates.add(namespace);
      }
    }

    if (!ofWorkspace) {
      return candidates;
    }

    return new Set([...candidates].filter((name) => ofWorkspace.has(name)));
  }
}
