import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { NamespaceAges } from '../monitoring/query/namespace-ages.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { parseInterval } from './query/parse.ts';

/** Namespaces of the platform: graphs are not drawn of them. */
const OF_PLATFORM = /^(istio-system|kubesphere-.*|kube-.*)$/;

/** Tells which namespaces there are, and since when. */
export class MeshNamespaces {
  readonly #ages: NamespaceAges;
  readonly #catalog: Catalog;

  constructor(ages: NamespaceAges, catalog: Catalog) {
    this.#ages = ages;
    this.#catalog = catalog;
  }

  /** Returns the names of namespaces of which graphs are drawn. */
  names(): ReadonlySet<string> {
    const names = this.#catalog.informerOf('namespaces').store.list('name');
    return new Set(names.map(({ name }) => name).filter((name) => !OF_PLATFORM.test(name)));
  }

  /** Returns when a namespace was created, in Unix seconds. Throws BadRequest as for charts. */
  createdAt(name: string, signal: AbortSignal): Promise<number> {
    return this.#ages.createdAt(name, signal);
  }

  /** Returns the same. As in 3.0, failures are answered as Forbidden. */
  async accessible(name: string, signal: AbortSignal): Promise<number> {
    try {
      return await this.createdAt(name, signal);
    } catch (error) {
      throw error instanceof StatusError
        ? new StatusError(403, 'Forbidden', `Cannot access namespace data: ${error.message}`)
        : error;
    }
  }

  /**
   * Returns the milliseconds of an interval, at most as many whole seconds as a namespace is old.
   * As in 3.0, a missing namespace and a wrong interval are internal errors.
   */
  async intervalWithin(name: string, text: string, signal: AbortSignal): Promise<number> {
    try {
      const created = await this.createdAt(name, signal);
      const intervalMs = parseInterval(text);
      const ageSeconds = Date.now() / 1000 - created;

      return intervalMs / 1000 > ageSeconds ? Math.trunc(ageSeconds) * 1000 : intervalMs;
    } catch (error) {
      throw error instanceof StatusError
        ? new StatusError(500, 'InternalError', `Adjust rate interval error: ${error.message}`)
        : error;
    }
  }
}
