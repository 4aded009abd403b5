import { NAMESPACES } from '@ks-apiserver/api/resources';
import { badRequest, notFound, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../../resources/catalog/catalog.ts';

/** Tells when namespaces were created. */
export class NamespaceAges {
  readonly #client: KubeReader;
  readonly #catalog: Catalog;

  constructor(client: KubeReader, catalog: Catalog) {
    this.#client = client;
    this.#catalog = catalog;
  }

  /**
   * Returns when a namespace was created, in Unix seconds. As in 3.0, every failure is a
   * BadRequest, also that of a namespace that does not exist.
   */
  async createdAt(name: string, signal: AbortSignal): Promise<number> {
    const known = this.#catalog.store('namespaces')?.get(name);
    if (known) {
      return known.created / 1000;
    }

    try {
      // A new namespace may not have arrived yet.
      const found = await this.#client.find({ resource: NAMESPACES, name }, signal);
      if (!found) {
        throw notFound({ resource: 'namespaces', name });
      }

      return Date.parse(found.metadata.creationTimestamp ?? '') / 1000;
    } catch (error) {
      throw error instanceof StatusError ? badRequest(error.message) : error;
    }
  }
}
