import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { missing } from '../../iam/errors.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';

/** Finds the namespaces in which DevOps projects keep their pipelines and credentials. */
export class ProjectNamespaces {
  readonly #catalog: Catalog;
  readonly #adminNamespaceOf: (project: string) => string;

  /** `adminNamespaceOf` returns the namespace of a project, '' for none. */
  constructor(catalog: Catalog, adminNamespaceOf: (project: string) => string) {
    this.#catalog = catalog;
    this.#adminNamespaceOf = adminNamespaceOf;
  }

  /**
   * Returns the namespace of a project; undefined for one that is being set up. Throws NotFound for
   * a project that does not exist.
   */
  find(project: string): string | undefined {
    if (!this.#catalog.informerOf('devopsprojects').store.get(project)) {
      throw missing('devopsproject', 'devops.kubesphere.io', project);
    }

    return this.#adminNamespaceOf(project) || undefined;
  }

  /** Does the same, and throws BadRequest for a project that is being set up. */
  require(project: string): string {
    const namespace = this.find(project);
    if (namespace === undefined) {
      throw new StatusError(
        400,
        'BadRequest',
        `the DevOps project "${project}" has no namespace yet: try again in a moment`,
      );
    }

    return namespace;
  }
}

/** Returns the entries of a namespace, in no order that matters. */
export function entriesOf(
  store: { list(order: 'name', namespace: string): readonly Entry[] },
  namespace: string | undefined,
): readonly Entry[] {
  return namespace === undefined ? [] : store.list('name', namespace);
}
