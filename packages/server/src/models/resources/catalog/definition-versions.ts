import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceDefinition } from './definition.ts';

/** A definition that is read in another version from now on. */
export interface VersionChange {
  before: ResourceDefinition;
  now: ResourceDefinition;
}

/**
 * Which version of each definition the Kubernetes API is read in: clusters older and newer than the definition's
 * own version serve another one.
 */
export class DefinitionVersions {
  /** Of definitions with several versions the definition of each, best first. */
  readonly #choices: readonly (readonly ResourceDefinition[])[];
  /** Of each of these the definition that is in use. */
  readonly #chosen: ResourceDefinition[];

  constructor(definitions: readonly ResourceDefinition[]) {
    this.#choices = definitions
      .filter(({ otherVersions }) => otherVersions !== undefined)
      .map((definition) => [
        definition,
        ...definition.otherVersions!.map((version) => ({ ...definition, version })),
      ]);
    this.#chosen = this.#choices.map(([own]) => own!);
  }

  /** Whether a definition with several versions is of a group. */
  concerns(group: unknown): boolean {
    return this.#choices.some(([own]) => own!.group === group);
  }

  /**
   * Asks again which versions are served; answers the definitions that are read in another one from now
   * on. What is served in none keeps the version that it has. Rejects with what `serves` rejects
   * with.
   */
  async choose(
    serves: (resource: GroupVersionResource) => Promise<boolean>,
  ): Promise<VersionChange[]> {
    const changes: VersionChange[] = [];

    for (const [i, definitions] of this.#choices.entries()) {
      const before = this.#chosen[i]!;
      const served = await Promise.all(definitions.map(serves));
      const now = definitions[served.indexOf(true)] ?? before;
      if (now !== before) {
        this.#chosen[i] = now;
        changes.push({ before, now });
      }
    }

    return changes;
  }
}
