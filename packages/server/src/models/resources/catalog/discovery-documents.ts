import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';

/** A kind that the Kubernetes API serves. */
export interface ServedKind extends GroupVersionResource {
  kind: string;
  namespaced: boolean;
  verbs: readonly string[];
}

/** A version of a group and its kinds; undefined if its server did not answer. */
export interface GroupVersion {
  group: string;
  version: string;
  kinds: readonly ServedKind[] | undefined;
}

const GROUP = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

type Fields = Readonly<Record<string, unknown>>;

/** Returns the fields of an object of a document; none of anything else. */
function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

/** Returns a kind if its names can stand in a path; aggregated servers may send anything. */
function kindOf(
  gv: { group: string; version: string },
  resource: string,
  kind: string,
  { namespaced, verbs }: { namespaced: boolean; verbs: unknown },
): ServedKind | undefined {
  if (!NAME.test(resource) || kind === '' || kind.length > 253) {
    return undefined;
  }

  return {
    group: gv.group,
    version: gv.version,
    resource,
    kind,
    namespaced,
    verbs: words(verbs),
  };
}

/** Reads an APIGroupDiscoveryList; undefined for any other document. */
export function readAggregated(document: unknown): GroupVersion[] | undefined {
  const { kind, items } = fieldsOf(document);
  if (kind !== 'APIGroupDiscoveryList') {
    return undefined;
  }

  return listOf(items).flatMap(({ metadata, versions }) => {
    const group = text(fieldsOf(metadata).name);
    if (!GROUP.test(group)) {
      return [];
    }

    return listOf(versions).flatMap(({ version: named, resources, freshness }): GroupVersion[] => {
      const version = text(named);
      if (!NAME.test(version)) {
        return [];
      }

      const kinds = listOf(resources).flatMap((resource): ServedKind[] => {
        const served = text(fieldsOf(resource.responseKind).kind);

        const found = kindOf({ group, version }, text(resource.resource), served, {
          namespaced: resource.scope === 'Namespaced',
          verbs: resource.verbs,
        });

        return found ? [found] : [];
      });

      return [
        { group, version, kinds: freshness === 'Stale' && kinds.length === 0 ? undefined : kinds },
      ];
    });
  });
}

/**
 * Reads the versions of the core group (APIVersions) or of all others (APIGroupList); each group's
 * preferred version is first.
 */
export function readGroups(document: unknown): GroupVersion[] {
  const { versions, groups } = fieldsOf(document);
  if (Array.isArray(versions)) {
    return words(versions)
      .filter((version) => NAME.test(version))
      .map((version) => ({ group: '', version, kinds: undefined }));
  }

  return listOf(groups).flatMap((each) => {
    const group = text(each.name);
    if (group === '' || !GROUP.test(group)) {
      return [];
    }

    const all = [each.preferredVersion, ...(Array.isArray(each.versions) ? each.versions : [])];

    return [...new Set(all.map((version) => text(fieldsOf(version).version)))]
      .filter((version) => NAME.test(version))
      .map((version) => ({ group, version, kinds: undefined }));
  });
}

/** Reads the kinds of an APIResourceList. Throws a TypeError for any other document. */
export function readResources(
  gv: { group: string; version: string },
  document: unknown,
): ServedKind[] {
  const { kind, resources } = fieldsOf(document);
  if (kind !== 'APIResourceList') {
    throw new TypeError(`${gv.group}/${gv.version} did not answer with its resources`);
  }

  return listOf(resources).flatMap((resource): ServedKind[] => {
    const found = kindOf(gv, text(resource.name), text(resource.kind), {
      namespaced: resource.namespaced === true,
      verbs: resource.verbs,
    });

    return found ? [found] : [];
  });
}
