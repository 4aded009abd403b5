import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import { APP, isGoverned, type Labels, parsed } from './governed.ts';
import type { OwningService } from './own-objects.ts';

/** How long a cluster without Istio's kinds is left alone, in milliseconds. */
export const UNSERVED_MS = 60_000;

/** Key of an object in a queue. */
export function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Returns namespace and name of a key. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Returns the labels that pods of a Service have; undefined where it selects none. */
export function selectorOf({ fields }: Entry): Labels | undefined {
  const selector = fields.selector as Labels | undefined;
  return selector && Object.keys(selector).length > 0 ? selector : undefined;
}

/** Finds Services of a namespace that the mesh is managed for. */
export class MeshServices {
  readonly #services: Informer;

  constructor(services: Informer) {
    this.#services = services;
  }

  /** Returns a Service with its type. */
  find({ namespace, name }: { namespace: string; name: string }): OwningService | undefined {
    const entry = this.#services.store.get(name, namespace);
    return entry && { ...(parsed(entry) as OwningService), apiVersion: 'v1', kind: 'Service' };
  }

  /** Returns the keys of Services of the components that the labels of a change's object name. */
  ofComponent({ entry, previous }: Change): string[] {
    return this.ofApps(entry.namespace, [entry.labels[APP], previous?.labels[APP]]);
  }

  /** Returns the keys of Services of components. */
  ofApps(namespace: string, apps: readonly (string | undefined)[]): string[] {
    return this.#keys(namespace, ({ labels }) => apps.includes(labels[APP]));
  }

  /** Returns the keys of Services that select an object by its labels. */
  selecting({ entry, previous }: Change): string[] {
    const all = [entry.labels, ...(previous ? [previous.labels] : [])];

    return this.#keys(entry.namespace, (service) => {
      const selector = selectorOf(service);
      return (
        selector !== undefined &&
        all.some((labels) =>
          Object.entries(selector).every(([name, value]) => labels[name] === value),
        )
      );
    });
  }

  #keys(namespace: string, matches: (entry: Entry) => boolean): string[] {
    return this.#services.store
      .list('name', namespace)
      .filter((entry) => isGoverned(entry) && matches(entry))
      .map(keyOf);
  }
}
