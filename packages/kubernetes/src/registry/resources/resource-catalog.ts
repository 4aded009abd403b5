import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { compareVersions } from '@ks-apiserver/apimachinery/meta/versions';
import { BUILTIN_RESOURCES } from './builtin-resources.ts';
import { qualifiedResource, type ResourceType } from './resource-type.ts';

/** All resources that are served now, built-in and custom ones. */
export class ResourceCatalog {
  readonly #byPath = new Map<string, ResourceType>();
  readonly #byKind = new Map<string, ResourceType>();
  readonly #groups = new Map<string, string[]>();
  readonly #custom = new Map<string, readonly ResourceType[]>();
  #listeners: (() => void)[] = [];
  /** Grows with every change, so that documents made from the catalog can be cached. */
  generation = 0;

  constructor() {
    for (const type of BUILTIN_RESOURCES) {
      this.#add(type);
    }
  }

  #add(type: ResourceType): void {
    const path = `${apiVersionOf(type)}/${type.resource}`;
    this.#byPath.set(path, type);
    this.#byKind.set(`${apiVersionOf(type)}/${type.kind}`, type);

    const versions = this.#groups.get(type.group) ?? [];
    if (!versions.includes(type.version)) {
      versions.push(type.version);
    }
    if (type.custom) {
      versions.sort(compareVersions);
    }

    this.#groups.set(type.group, versions);
  }

  /** Replaces the resources that a CustomResourceDefinition serves; an empty list removes them. */
  setCustom(definition: string, types: readonly ResourceType[]): void {
    if (types.length === 0) {
      this.#custom.delete(definition);
    } else {
      this.#custom.set(definition, types);
    }

    this.#byPath.clear();
    this.#byKind.clear();
    this.#groups.clear();

    for (const type of BUILTIN_RESOURCES) {
      this.#add(type);
    }

    for (const served of this.#custom.values()) {
      for (const type of served) {
        this.#add(type);
      }
    }

    this.generation++;

    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** The resources that a CustomResourceDefinition serves, one per version. */
  custom(definition: string): readonly ResourceType[] {
    return this.#custom.get(definition) ?? [];
  }

  find(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#byPath.get(`${group === '' ? version : `${group}/${version}`}/${resource}`);
  }

  /** A resource that is always served; throws a StatusError 500 for any other. */
  require(group: string, version: string, resource: string): ResourceType {
    const type = this.find(group, version, resource);
    if (!type) {
      throw internalError(`${qualifiedResource({ group, resource })} is not served in ${version}`);
    }

    return type;
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** Groups in discovery's order with their versions, the preferred one first. */
  groups(): ReadonlyMap<string, readonly string[]> {
    return this.#groups;
  }

  /** Resources of one version, or all. */
  types(group?: string, version?: string): ResourceType[] {
    const all = [...this.#byPath.values()];
    return group === undefined
      ? all
      : all.filter((type) => type.group === group && type.version === version);
  }

  /** Every resource once, in the version it is stored in; those without objects are left out. */
  stored(): ResourceType[] {
    return [...this.#byPath.values()].filter(
      (type) =>
        type.verbs.includes('get') &&
        type.version === type.storage.version &&
        type.group === type.storage.group,
    );
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
