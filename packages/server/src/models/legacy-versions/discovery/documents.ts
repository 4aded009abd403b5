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

/**
 * An APIGroupDiscoveryList with the kinds of older versions that are not in there, and whose served
 * version is.
 */
export function withLegacyAggregated(document: Fields, all: readonly LegacyKind[]): Fields {
  const known = aggregatedResources(document);

  const key = ({
    group,
    version,
    resource,
  }: {
    group: string;
    version: string;
    resource: string;
  }) => `${group}/${version}/${resource}`;

  const kinds = all.filter((kind) => !known.has(key(kind)) && known.has(key(kind.served)));

  const versionWith = (own: Fields | undefined, group: string, version: string): Fields => {
    const added = kinds
      .filter((kind) => kind.group === group && kind.version === version)
      .flatMap((kind) => {
        const served = known.get(key(kind.served));
        return served ? aggregatedResource(kind, served) : [];
      });

    return {
      version,
      freshness: 'Current',
      ...own,
      resources: [...fieldsOf(own?.resources), ...added],
    };
  };

  const versionsWith = (own: readonly Fields[], group: string): Fields[] => {
    const legacy = versionsIn(group, kinds);
    const added = legacy.filter((version) => !own.some((each) => each.version === version));

    return [
      ...own.map((each) =>
        legacy.includes(String(each.version))
          ? versionWith(each, group, String(each.version))
          : each,
      ),
      ...added.map((version) => versionWith(undefined, group, version)),
    ];
  };

  const items = fieldsOf(document.items).map((item) => {
    const name = isFields(item.metadata) ? String(item.metadata.name ?? '') : '';
    return { ...item, versions: versionsWith(fieldsOf(item.versions), name) };
  });

  const names = new Set(
    fieldsOf(document.items).map(({ metadata }) => (isFields(metadata) ? metadata.name : '')),
  );
  const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => !names.has(group));

  const added = groups.map((name) => ({
    metadata: { name, creationTimestamp: null },
    versions: versionsWith([], name),
  }));

  return { ...document, items: [...items, ...added] };
}
