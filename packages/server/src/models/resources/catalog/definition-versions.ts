import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceDefinition } from '../query/resource-definition.ts';

/** The versions of one resource. */
interface Choice {
  /** A definition for each version, best first. */
  definitions: readonly ResourceDefinition[];
  /** The definition in use. */
  chosen: ResourceDefinition;
}

/** A definition that is read in another version from now on. */
export interface VersionChange {
  before: ResourceDefinition;
  now: ResourceDefinition;
}

/**
 * Chooses the version in which each resource of the table is read: older and newer clusters serve
 * other versions.
 */
export class DefinitionVersions {
  readonly #choices: Choice[] = [];

  constructor(definitions: readonly ResourceDefinition[]) {
    for (const definition of definitions) {
      const { otherVersions } = definition;
      if (otherVersions) {
        const others = otherVersions.map((version) => ({ ...definition, version }));
        this.#choices.push({ definitions: [definition, ...others], chosen: definition });
      }
    }
  }

  /** Whether a group has a resource with several versions. */
  concerns(group: unknown): boolean {
    return this.#choices.some(({ chosen }) => chosen.group === group);
  }

  /**
   * Asks again which versions are served, and returns the definitions that change. A resource that
   * is served in none keeps its version. Rejects with what `serves` rejects with.
   */
  async choose(
    serves: (resource: GroupVersionResource) => Promise<boolean>,
  ): Promise<VersionChange[]> {
    const changes: VersionChange[] = [];

    for (const choice of this.#choices) {
      const { definitions, chosen: before } = choice;
      const served = await Promise.all(definitions.map(serves));
      const now = definitions[served.indexOf(true)] ?? before;
      if (now !== before) {
        choice.chosen = now;
        changes.push({ before, now });
      }
    }

    return changes;
  }
}
