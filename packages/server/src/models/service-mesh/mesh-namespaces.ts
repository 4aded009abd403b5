import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { NamespaceAges } from '../monitoring/query/namespace-ages.ts';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { parseInterval } from './query/parse.ts';

/** Namespaces of the platform: graphs are not drawn of them. */
const OF_PLATFORM = /^(istio-system|kubesphere-.*|kube-.*)$/;

/**
 * Returns the whole seconds between the creation of a namespace and a time, both in Unix seconds:
 * at least one in its first second, which a time in whole seconds may lie before.
 */
export function wholeAge(created: number, time: number): number {
  const age = time - created;
  return age > -1 && age < 1 ? 1 : Math.trunc(age);
}

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

      return Math.min(intervalMs, wholeAge(created, Date.now() / 1000) * 1000);
    } catch (error) {
      throw error instanceof StatusError
        ? new StatusError(500, 'InternalError', `Adjust rate interval error: ${error.message}`)
        : error;
    }
  }
}
