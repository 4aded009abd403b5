import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  addQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import { type Usage, usageOf } from '@ks-apiserver/apimachinery/quota/usage';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import { limitedResource, limitsResource } from './limits.ts';
import { inScopes, type ScopeRequirement, scopesOf } from './scopes.ts';

const ZERO = parseQuantity('0');

function sameUsage(a: Usage, b: Usage): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => a[name]?.nano === b[name]?.nano)
  );
}

/** The limits of one ResourceQuota and their use, updated object by object. */
export class Account {
  readonly namespace: string;
  readonly name: string;
  /** Limits by name. */
  readonly hard: ReadonlyMap<string, Quantity>;
  readonly scopes: readonly ScopeRequirement[];
  readonly #names = new Map<string, string[]>();
  readonly #used = new Map<string, Quantity>();
  readonly #holdings = new Map<string, Usage>();
  /** True once all objects that existed before the quota are counted. */
  counted = false;
  /** True while the stored status is out of date. */
  dirty = true;

  constructor(quota: KubeObject) {
    const { name, namespace = '' } = storedMetadata(quota);

    this.namespace = namespace;
    this.name = name;

    const hard: Record<string, string> = quota.spec?.hard ?? {};
    this.hard = new Map(
      Object.entries(hard).map(([name, text]) => [name, parseQuantity(String(text))]),
    );
    this.scopes = scopesOf(quota);

    for (const name of this.hard.keys()) {
      this.#used.set(name, ZERO);
    }
  }

  /** Resources whose objects are counted, as `group/resource`. */
  resources(): string[] {
    return [
      ...new Set(
        [...this.hard.keys()].map(limitedResource).filter((resource) => resource !== undefined),
      ),
    ];
  }

  /** Limits that objects of a resource count towards. */
  limitsOf(group: string, resource: string): readonly string[] {
    const key = `${group}/${resource}`;
    let names = this.#names.get(key);
    if (!names) {
      names = [...this.hard.keys()].filter((name) => limitsResource(name, group, resource));
      this.#names.set(key, names);
    }

    return names;
  }

  /** Whether the quota counts an object. */
  covers(group: string, resource: string, object: KubeObject): boolean {
    return this.limitsOf(group, resource).length > 0 && inScopes(resource, this.scopes, object);
  }

  /** The amounts that an object uses of the limits. */
  usageOf(group: string, resource: string, object: KubeObject): Usage {
    const whole = usageOf(group, resource, object);
    const usage: Usage = {};

    for (const name of this.limitsOf(group, resource)) {
      if (whole[name]?.nano) {
        usage[name] = whole[name];
      }
    }

    return usage;
  }

  used(name: string): Quantity {
    return this.#used.get(name) ?? ZERO;
  }

  /** Whether an object is counted already. */
  holds(key: string): boolean {
    return this.#holdings.has(key);
  }

  /**
   * Replaces the usage of an object by its storage key; undefined when it is gone or does not
   * count. Idempotent.
   */
  hold(key: string, usage: Usage | undefined): void {
    const before = this.#holdings.get(key);
    if (before === undefined && usage === undefined) {
      return;
    }
    if (before && usage && sameUsage(before, usage)) {
      return;
    }

    for (const [name, quantity] of Object.entries(before ?? {})) {
      this.#change(name, subtractQuantities(this.used(name), quantity));
    }

    for (const [name, quantity] of Object.entries(usage ?? {})) {
      this.#change(name, addQuantities(this.used(name), quantity));
    }

    if (usage === undefined) {
      this.#holdings.delete(key);
    } else {
      this.#holdings.set(key, usage);
    }
  }

  #change(name: string, quantity: Quantity): void {
    this.#used.set(name, quantity);
    this.dirty = true;
  }

  /** The quota's status (core/v1 ResourceQuotaStatus). */
  status(): { hard: Record<string, string>; used: Record<string, string> } {
    const texts = (map: ReadonlyMap<string, Quantity>) =>
      Object.fromEntries(
        [...map]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, value]) => [name, formatQuantity(value)]),
      );

    return { hard: texts(this.hard), used: texts(this.#used) };
  }
}
