import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { compareVersions } from '@ks-apiserver/apimachinery/meta/versions';
import { type Fields, isFields } from '../fields.ts';
import type { LegacyKind } from '../legacy-kind.ts';

/**
 * Documents of discovery (Kubernetes "The Kubernetes API", "Discovery API") with the kinds that are
 * served here.
 */

function fieldsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** Returns the versions of a group in which kinds are served here, newest first. */
function versionsIn(group: string, kinds: readonly LegacyKind[]): string[] {
  const found = new Set(kinds.filter((kind) => kind.group === group).map(({ version }) => version));
  return [...found].sort(compareVersions);
}

/**
 * Adds the versions of kinds that are served here to an APIGroup; its preferred version stays.
 * Undefined for a group without versions.
 */
export function withLegacyGroup(
  document: Fields | undefined,
  group: string,
  kinds: readonly LegacyKind[],
): Fields | undefined {
  const known = fieldsOf(document?.versions);
  const more = versionsIn(group, kinds)
    .filter((version) => !known.some((each) => each.version === version))
    .map((version) => ({ groupVersion: `${group}/${version}`, version }));
  const versions = [...known, ...more];
  if (versions.length === 0) {
    return document;
  }

  return {
    ...document,
    name: group,
    versions,
    preferredVersion: document?.preferredVersion ?? versions[0],
  };
}

/** Adds the versions and groups of kinds that are served here to an APIGroupList. */
export function withLegacyGroups(document: Fields, kinds: readonly LegacyKind[]): Fields {
  const known = fieldsOf(document.groups);
  const names = new Set(known.map(({ name }) => name));
  const added = [...new Set(kinds.map(({ group }) => group))].filter((group) => !names.has(group));

  return {
    ...document,
    groups: [
      ...known.map((group) => withLegacyGroup(group, String(group.name), kinds)),
      ...added.map((group) => withLegacyGroup(undefined, group, kinds)),
    ],
  };
}

/**
 * Returns a resource's entry without its short names and categories if the older version is in
 * another group: they would be ambiguous, and `kubectl get all` would list everything twice.
 */
function withoutShortcuts(
  { group, served }: LegacyKind,
  { shortNames, categories, ...entry }: Fields,
): Fields {
  const isSameGroup = group === served.group;
  return {
    ...entry,
    ...(isSameGroup && shortNames !== undefined && { shortNames }),
    ...(isSameGroup && categories !== undefined && { categories }),
  };
}

/**
 * Returns the entries of a kind and its subresources in an APIResourceList of the served version,
 * as entries of the older version.
 */
function resourcesOf(kind: LegacyKind, served: Fields | undefined): Fields[] {
  return fieldsOf(served?.resources).flatMap((entry) => {
    const [resource = '', subresource = ''] = String(entry.name).split('/');
    const isKept = subresource === '' || kind.subresources.has(subresource);
    if (resource !== kind.resource || !isKept) {
      return [];
    }

    const { storageVersionHash: _hash, group: _group, version: _version, ...rest } = entry;
    const own = kind.subresources.get(subresource) && { group: kind.group, version: kind.version };

    return [{ ...withoutShortcuts(kind, rest), ...own }];
  });
}

/**
 * Adds the kinds that are served here to an APIResourceList of an older version; `served` returns
 * the list of an apiVersion. Undefined for a version without kinds.
 */
export function withLegacyResources(
  document: Fields | undefined,
  groupVersion: string,
  kinds: readonly LegacyKind[],
  served: (apiVersion: string) => Fields | undefined,
): Fields | undefined {
  const own = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  if (own.length === 0) {
    return document;
  }

  const more = own.flatMap((kind) => resourcesOf(kind, served(apiVersionOf(kind.served))));

  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    ...document,
    resources: [...fieldsOf(document?.resources), ...more],
  };
}

/** Returns a resource of aggregated discovery in the older version. */
function aggregatedResource(kind: LegacyKind, served: Fields): Fields {
  const { group, version } = kind;
  const responseKind = { group, version, kind: kind.kind };

  const subresources = fieldsOf(served.subresources)
    .filter(({ subresource }) => kind.subresources.has(String(subresource)))
    .map((entry) => {
      const own = kind.subresources.get(String(entry.subresource));
      return { ...entry, responseKind: { ...responseKind, kind: own?.kind ?? kind.kind } };
    });

  const { subresources: _subresources, ...rest } = served;

  return {
    ...withoutShortcuts(kind, rest),
    responseKind,
    ...(subresources.length > 0 && { subresources }),
  };
}

/** Returns the resources of an APIGroupDiscoveryList by `group/version/resource`. */
function aggregatedResources(document: Fields): Map<string, Fields> {
  const found = new Map<string, Fields>();

  for (const { metadata, versions } of fieldsOf(document.items)) {
    const group = isFields(metadata) ? metadata.name : '';

    for (const { version, resources } of fieldsOf(versions)) {
      for (const resource of fieldsOf(resources)) {
        found.set(`${group}/${version}/${resource.resource}`, resource);
      }
    }
  }

  return found;
}

function keyOf({ group, version, resource }: LegacyKind['served']): string {
  return `${group}/${version}/${resource}`;
}

/** Returns a group's older versions, each with the resources of its kinds. */
function legacyVersions(
  group: string,
  kinds: readonly LegacyKind[],
  known: ReadonlyMap<string, Fields>,
): Map<string, Fields[]> {
  const resourcesIn = (version: string): Fields[] =>
    kinds
      .filter((kind) => kind.group === group && kind.version === version)
      .flatMap((kind) => {
        const served = known.get(keyOf(kind.served));
        return served ? [aggregatedResource(kind, served)] : [];
      });

  return new Map(versionsIn(group, kinds).map((version) => [version, resourcesIn(version)]));
}

/** Adds older versions to the versions of a group, and their resources to versions that it has. */
function mergeVersions(own: readonly Fields[], legacy: ReadonlyMap<string, Fields[]>): Fields[] {
  const merged = own.map((each): Fields => {
    const more = legacy.get(String(each.version));
    return more ? { ...each, resources: [...fieldsOf(each.resources), ...more] } : each;
  });

  const known = new Set(own.map(({ version }) => version));
  const added = [...legacy].filter(([version]) => !known.has(version));

  return [
    ...merged,
    ...added.map(([version, resources]): Fields => ({ version, freshness: 'Current', resources })),
  ];
}

/**
 * Returns an APIGroupDiscoveryList with the kinds of older versions that are not in there, and
 * whose served version is.
 */
export function withLegacyAggregated(document: Fields, all: readonly LegacyKind[]): Fields {
  const known = aggregatedResources(document);
  const kinds = all.filter((kind) => !known.has(keyOf(kind)) && known.has(keyOf(kind.served)));

  const versionsWith = (own: readonly Fields[], group: string): Fields[] =>
    mergeVersions(own, legacyVersions(group, kinds, known));

  const nameOf = ({ metadata }: Fields) => (isFields(metadata) ? String(metadata.name ?? '') : '');
  const own = fieldsOf(document.items);
  const items = own.map((item) => ({
    ...item,
    versions: versionsWith(fieldsOf(item.versions), nameOf(item)),
  }));

  const names = new Set(own.map(nameOf));
  const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => !names.has(group));
  const added = groups.map((name) => ({
    metadata: { name, creationTimestamp: null },
    versions: versionsWith([], name),
  }));

  return { ...document, items: [...items, ...added] };
}
