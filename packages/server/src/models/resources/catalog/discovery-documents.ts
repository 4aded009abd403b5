import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';

/** A kind that the Kubernetes API serves. */
export interface ServedKind extends GroupVersionResource {
  kind: string;
  namespaced: boolean;
  verbs: readonly string[];
}

/** A group's version and its kinds; undefined where its server did not say. */
export interface GroupVersion {
  group: string;
  version: string;
  kinds: readonly ServedKind[] | undefined;
}

const GROUP = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

type Part = Record<string, unknown>;

function part(value: unknown): Part {
  return typeof value === 'object' && value !== null ? (value as Part) : {};
}

function parts(value: unknown): Part[] {
  return Array.isArray(value) ? value.map(part) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

/**
 * A kind whose names can stand in a path; undefined for others: aggregated servers may say
 * anything.
 */
function kindOf(
  gv: { group: string; version: string },
  resource: string,
  kind: string,
  more: Part,
  namespaced: boolean,
) {
  if (!NAME.test(resource) || kind === '' || kind.length > 253) {
    return undefined;
  }

  return {
    group: gv.group,
    version: gv.version,
    resource,
    kind,
    namespaced,
    verbs: words(more.verbs),
  };
}

/** Reads an APIGroupDiscoveryList; undefined for any other document. */
export function readAggregated(document: unknown): GroupVersion[] | undefined {
  const { kind, items } = part(document);
  if (kind !== 'APIGroupDiscoveryList') {
    return undefined;
  }

  return parts(items).flatMap(({ metadata, versions }) => {
    const group = text(part(metadata).name);
    if (!GROUP.test(group)) {
      return [];
    }

    return parts(versions).flatMap(({ version: named, resources, freshness }): GroupVersion[] => {
      const version = text(named);
      if (!NAME.test(version)) {
        return [];
      }

      const kinds = parts(resources).flatMap((resource): ServedKind[] => {
        const served = text(part(resource.responseKind).kind);

        const found = kindOf(
          { group, version },
          text(resource.resource),
          served,
          resource,
          resource.scope === 'Namespaced',
        );

        return found ? [found] : [];
      });

      return [
        { group, version, kinds: freshness === 'Stale' && kinds.length === 0 ? undefined : kinds },
      ];
    });
  });
}

/**
 * Reads the versions of the core group (APIVersions) or of all others (APIGroupList), each group's
 * preferred one first.
 */
export function readGroups(document: unknown): GroupVersion[] {
  const { versions, groups } = part(document);
  if (Array.isArray(versions)) {
    return words(versions)
      .filter((version) => NAME.test(version))
      .map((version) => ({ group: '', version, kinds: undefined }));
  }

  return parts(groups).flatMap((each) => {
    const group = text(each.name);
    if (group === '' || !GROUP.test(group)) {
      return [];
    }

    const all = [each.preferredVersion, ...(Array.isArray(each.versions) ? each.versions : [])];

    return [...new Set(all.map((version) => text(part(version).version)))]
      .filter((version) => NAME.test(version))
      .map((version) => ({ group, version, kinds: undefined }));
  });
}

/** Reads the kinds of an APIResourceList. Throws a TypeError for any other document. */
export function readResources(
  gv: { group: string; version: string },
  document: unknown,
): ServedKind[] {
  const { kind, resources } = part(document);
  if (kind !== 'APIResourceList') {
    throw new TypeError(`${gv.group}/${gv.version} did not answer with its resources`);
  }

  return parts(resources).flatMap((resource): ServedKind[] => {
    const found = kindOf(
      gv,
      text(resource.name),
      text(resource.kind),
      resource,
      resource.namespaced === true,
    );

    return found ? [found] : [];
  });
}
