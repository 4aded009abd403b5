import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import { compareGroups } from './discovery.ts';

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function definitionOf(crd: Entry): ResourceDefinition | undefined {
  const { group, version, resource, kind, namespaced } = crd.fields;

  return isName(group) && isName(version) && isName(resource) && isName(kind)
    ? { group, version, resource, kind, namespaced: namespaced === true, needsOwnRight: true }
    : undefined;
}

/**
 * Definitions of the resources of all CRDs by their plural names, updated with every change of a
 * CRD.
 */
export class CustomResources {
  readonly #byPlural = new Map<string, ResourceDefinition[]>();
  /** Names of deleted CRDs, which discovery may still report for a while. */
  readonly #removed = new Set<string>();

  /** Returns the definitions of a plural name, in the order of their groups. */
  of(plural: string): readonly ResourceDefinition[] {
    return this.#byPlural.get(plural) ?? [];
  }

  /** Whether a kind is that of a deleted CRD. */
  isGone({ group, resource }: { group: string; resource: string }): boolean {
    return this.#removed.has(`${resource}.${group}`);
  }

  /**
   * Applies a change of a CRD. Returns what it served before, unless it still does, and what it
   * serves now.
   */
  change(
    previous: Entry | undefined,
    next: Entry | undefined,
  ): { gone: ResourceDefinition | undefined; served: ResourceDefinition | undefined } {
    const before = previous && definitionOf(previous);
    const served = next && definitionOf(next);

    if (previous && !next) {
      this.#removed.add(previous.name);
    }
    if (next) {
      this.#removed.delete(next.name);
    }

    if (before) {
      const rest = this.of(before.resource).filter(({ group }) => group !== before.group);
      if (rest.length > 0) {
        this.#byPlural.set(before.resource, rest);
      } else {
        this.#byPlural.delete(before.resource);
      }
    }

    if (served) {
      this.#byPlural.set(
        served.resource,
        [...this.of(served.resource), served].sort(compareGroups),
      );
    }

    const same = before?.resource === served?.resource && before?.version === served?.version;

    return { gone: same ? undefined : before, served };
  }
}
