import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { ResourceDefinition } from './definition.ts';
import { compareGroups } from './discovery.ts';

function definitionOf(crd: Entry): ResourceDefinition | undefined {
  const { group, version, resource, kind, namespaced } = crd.fields as Record<
    string,
    string | undefined
  > & {
    namespaced: boolean;
  };

  return group && version && resource && kind
    ? { group, version, resource, kind, namespaced, needsOwnRight: true }
    : undefined;
}

/** The resources of all CRDs by their plural names, kept up with every change of a CRD. */
export class CustomResources {
  readonly #byPlural = new Map<string, ResourceDefinition[]>();
  /** Names of CRDs that were deleted, which discovery may still have for a while. */
  readonly #removed = new Set<string>();

  /** Resources of a plural name, in the order of their groups. */
  of(plural: string): readonly ResourceDefinition[] {
    return this.#byPlural.get(plural) ?? [];
  }

  /** Whether a kind was a CRD's that is deleted. */
  isGone({ group, resource }: { group: string; resource: string }): boolean {
    return this.#removed.has(`${resource}.${group}`);
  }

  /**
   * Takes over a CRD's change; answers what it served before, unless it serves that still, and what
   * it serves now.
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
