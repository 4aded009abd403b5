import { PROJECT_STATUS_ANNOTATION } from '@ks-apiserver/api/devops';
import { DEVOPS_LABEL } from '@ks-apiserver/api/labels';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';

/** The status of a project whose folder is not yet known to be its own. */
export const PENDING = 'pending';

/**
 * Finds the folders of namespaces in Jenkins. Only namespaces of DevOps projects have one, of their
 * own name; the label that makes them such can be set by administrators alone.
 */
export class ProjectFolders {
  readonly #namespaces: Informer;
  readonly #projects: Informer;

  constructor(namespaces: Informer, projects: Informer) {
    this.#namespaces = namespaces;
    this.#projects = projects;
  }

  /** Whether a namespace is, or was, that of a DevOps project. */
  belongsToProject(namespace: string): boolean {
    return this.#projectOf(namespace) !== undefined;
  }

  /** Returns the name of a namespace's project, if it is that of one. */
  projectsOf(namespace: string): string[] {
    const project = this.#projectOf(namespace);
    return project === undefined ? [] : [project];
  }

  /**
   * Returns the folder of a namespace whose project exists, names the namespace and has its folder;
   * undefined for all others.
   */
  readyFolder(namespace: string): string | undefined {
    const project = this.#projects.store.get(this.#projectOf(namespace) ?? '')?.object;

    const isReady =
      project &&
      !isTerminating(project) &&
      project.status?.adminNamespace === namespace &&
      project.metadata.annotations?.[PROJECT_STATUS_ANNOTATION] !== PENDING;

    return isReady ? namespace : undefined;
  }

  /** Returns the namespaces that a change of a project makes ready, or not. */
  namespacesOf({ entry }: Change): string[] {
    const namespace: unknown = entry.object?.status?.adminNamespace;
    return typeof namespace === 'string' && namespace !== '' ? [namespace] : [];
  }

  #projectOf(namespace: string): string | undefined {
    return this.#namespaces.store.get(namespace)?.labels[DEVOPS_LABEL] || undefined;
  }
}

/** Returns the key of an object in a namespace. */
export function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Returns namespace and name of a key. */
export function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/', 2);
  return { namespace, name };
}

/** Returns the keys of an informer's objects in some namespaces. */
export function keysIn(informer: Informer, namespaces: Iterable<string>): string[] {
  return [...namespaces].flatMap((namespace) => informer.store.list('name', namespace).map(keyOf));
}
