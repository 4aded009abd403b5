import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend } from '../../storage/backend.ts';

const NONE: ReadonlyMap<string, KubeObject> = new Map();

/**
 * All objects of one rarely written resource in memory, so that admission looks them up without
 * reading the storage.
 */
export class KindCache {
  readonly #prefix: string;
  readonly #byNamespace = new Map<string, Map<string, KubeObject>>();
  readonly #changed: (namespace: string, name: string) => void;
  /** Grows with every change. */
  generation = 0;

  /** `prefix`: of the storage keys, with its slash; `changed` is called after every change. */
  constructor(
    prefix: string,
    changed: (namespace: string, name: string) => void = () => undefined,
  ) {
    this.#prefix = prefix;
    this.#changed = changed;
  }

  /** Reads what is stored and follows every change from now on. */
  start(backend: Backend): void {
    for (const stored of backend.range({ prefix: this.#prefix })) {
      this.#set(stored.key, stored.parse<KubeObject>());
    }

    backend.onCommit((events) => {
      for (const { key, type, object } of events) {
        if (key.startsWith(this.#prefix)) {
          this.#set(key, type === 'DELETED' ? undefined : object.parse<KubeObject>());
        }
      }
    });
  }

  #set(key: string, object: KubeObject | undefined): void {
    const [first = '', second] = key.slice(this.#prefix.length).split('/');
    const [namespace, name] = second === undefined ? ['', first] : [first, second];
    let objects = this.#byNamespace.get(namespace);

    if (object) {
      if (!objects) {
        objects = new Map();
        this.#byNamespace.set(namespace, objects);
      }

      objects.set(name, object);
    } else if (objects) {
      objects.delete(name);
      if (objects.size === 0) {
        this.#byNamespace.delete(namespace);
      }
    }

    this.generation++;
    this.#changed(namespace, name);
  }

  /** Whether the resource has no objects. */
  get empty(): boolean {
    return this.#byNamespace.size === 0;
  }

  /** Objects of a namespace by name ('' for cluster-scoped ones); callers must not change them. */
  in(namespace: string): ReadonlyMap<string, KubeObject> {
    return this.#byNamespace.get(namespace) ?? NONE;
  }

  /** One object; callers must not change it. */
  get(namespace: string, name: string): KubeObject | undefined {
    return this.#byNamespace.get(namespace)?.get(name);
  }
}
