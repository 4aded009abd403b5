import { timestamp } from '../../meta/time.ts';
import type { Json, KubeObject, ManagedFieldsEntry } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { compareText } from '../../text/compare-text.ts';
import { compareTyped } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';

const maxUpdateManagers = 10;

/** The fields that a manager has set; the time is missing when it is unknown. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  set: FieldSet;
}

/** Managers by their identity: name, operation, subresource and, for updates, apiVersion. */
export type Managers = Map<string, Manager>;

/** Key of a manager in `Managers`. */
export function managerId(manager: Omit<Manager, 'time' | 'set'>): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion;
  return JSON.stringify([manager.manager, manager.operation, version, manager.subresource]);
}

/** Returns the managers of `metadata.managedFields`; undefined when an entry is malformed. */
export function decodeManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined | null,
): Managers | undefined {
  const managers: Managers = new Map();

  for (const entry of entries ?? []) {
    const { operation, apiVersion } = entry;
    if (operation !== 'Apply' && operation !== 'Update') {
      return undefined;
    }
    if (!apiVersion || entry.fieldsType !== 'FieldsV1') {
      return undefined;
    }

    const manager: Manager = {
      manager: entry.manager ?? '',
      operation,
      apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      set: FieldSet.fromJson(entry.fieldsV1),
    };

    managers.set(managerId(manager), manager);
  }

  return managers;
}

/**
 * Returns `metadata.managedFields` for managers, in Kubernetes' order; undefined when there are
 * none.
 */
export function encodeManagedFields(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) {
    return undefined;
  }

  return [...managers.values()]
    .sort(
      (a, b) =>
        compareText(a.operation, b.operation) ||
        compareText(a.time ?? '', b.time ?? '') ||
        compareText(a.manager, b.manager) ||
        compareText(a.apiVersion, b.apiVersion) ||
        compareText(a.subresource, b.subresource),
    )
    .map((manager) => managedFieldsEntry(manager, manager.set.toJson()));
}

function managedFieldsEntry(
  manager: Omit<Manager, 'set'>,
  fieldsV1: Record<string, Json>,
): ManagedFieldsEntry {
  const { operation, apiVersion, time, subresource } = manager;

  return {
    manager: manager.manager,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource !== '' && { subresource }),
  };
}

const typeFields = ['apiVersion', 'kind'];

const identityFields = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

const leaves = (names: Iterable<string>) =>
  Object.fromEntries(Array.from(names, (name) => [`f:${name}`, {}]));

const neverOwned = FieldSet.fromJson({
  ...leaves(typeFields),
  'f:metadata': { '.': {}, ...leaves(identityFields) },
});

/** Returns a manager's set without type and identity of the object, which nobody owns. */
export function stripMeta(set: FieldSet): FieldSet {
  return set.difference(neverOwned);
}

/**
 * Returns the top-level fields that a write to the object or to a subresource cannot change, and so
 * never owns.
 */
export function resetFieldsOf(subresource: string | undefined): string[] {
  if (subresource === undefined || subresource === '') {
    return ['status'];
  }
  return subresource === 'status' ? ['spec'] : [];
}

/** Returns a copy of an object without its managedFields. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const [first, ...others] = entries ?? [];
  const isEmpty = first === undefined || Object.keys(first).length === 0;
  return entries !== undefined && isEmpty && others.length === 0;
}

/** What `trackUpdate` needs. */
export interface TrackUpdateOptions {
  /** The stored object; undefined on creation. */
  before: KubeObject | undefined;
  /** The object about to be stored, after defaulting. */
  after: KubeObject;
  /** Name of the field manager. */
  manager: string;
  schema: Schema;
  /** apiVersion that the request was made in. */
  apiVersion: string;
  subresource?: string;
  /** Time of the request. */
  now: Date;
  /** Top-level fields that are not tracked; default by subresource, see `resetFieldsOf`. */
  resetFields?: readonly string[];
}

/**
 * Merges the oldest updates of one apiVersion into one entry until at most ten updates are left.
 */
function capManagers(managers: Managers): void {
  const updates = [...managers].filter(([, { operation }]) => operation === 'Update');
  let count = updates.length;
  if (count <= maxUpdateManagers) {
    return;
  }

  updates.sort(
    ([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(a.manager, b.manager),
  );

  const first = new Map<string, string>();
  const ancient = new Map<string, { manager: Manager; sets: FieldSet[] }>();

  for (const [id, manager] of updates) {
    if (count <= maxUpdateManagers) {
      break;
    }

    const { apiVersion } = manager;

    const bucketBase = {
      manager: 'ancient-changes',
      operation: 'Update' as const,
      apiVersion,
      subresource: '',
    };

    const bucketId = managerId(bucketBase);
    const earlier = first.get(apiVersion);
    if (earlier === undefined) {
      first.set(apiVersion, id);
      continue;
    }

    let bucket = ancient.get(bucketId);
    if (!bucket) {
      const oldest = managers.get(bucketId) ?? managers.get(earlier) ?? manager;
      const begun = { ...oldest, ...bucketBase };

      if (!managers.has(bucketId)) {
        managers.delete(earlier);
      }

      bucket = { manager: begun, sets: [begun.set] };
      ancient.set(bucketId, bucket);
    }

    if (id === bucketId) {
      continue;
    }

    bucket.sets.push(manager.set);
    bucket.manager = { ...bucket.manager, time: manager.time };
    managers.delete(id);
    count--;
  }

  for (const [id, { manager, sets }] of ancient) {
    managers.set(id, { ...manager, set: FieldSet.unionOf(sets) });
  }
}

/**
 * Returns the object to store, with `metadata.managedFields` that record what an update by
 * `manager` changed (kubernetes.io "Server-Side Apply", "Field management"): other managers lose
 * the fields that it changed or removed. A client may reset the list by sending it empty.
 */
export function trackUpdate(options: TrackUpdateOptions): KubeObject {
  const { before, after, schema, apiVersion, subresource = '', now } = options;
  const sent = subresource === '' ? after.metadata.managedFields : undefined;
  const live = before?.metadata.managedFields;
  let managers: Managers = new Map();

  if (!isReset(sent)) {
    managers = decodeManagedFields(sent) ?? new Map();
    if (managers.size === 0) {
      managers = decodeManagedFields(live) ?? new Map();
    }
  }

  const stripped = withoutManagedFields(after);

  // A client that resets the list does not want it kept; the next apply begins it anew.
  if (before !== undefined && managers.size === 0 && !live?.length) {
    return stripped;
  }

  const reset = options.resetFields ?? resetFieldsOf(subresource);

  const name = {
    manager: options.manager || 'unknown',
    operation: 'Update' as const,
    apiVersion,
    subresource,
  };

  const base = before === undefined ? { metadata: {} } : withoutManagedFields(before);
  const { added, modified, removed } = compareTyped(base, stripped, schema);
  const changed = added.union(modified).withoutFields(reset);
  const gone = removed.withoutFields(reset);

  for (const [id, manager] of managers) {
    const set = manager.set.difference(changed).difference(gone);
    if (set.empty) {
      managers.delete(id);
    } else if (!set.equals(manager.set)) {
      managers.set(id, { ...manager, set });
    }
  }

  const taken = stripMeta(changed);
  if (!taken.empty) {
    const id = managerId(name);
    const previous = managers.get(id)?.set;
    managers.set(id, {
      ...name,
      time: timestamp(now),
      set: previous === undefined ? taken : taken.union(previous),
    });
  }

  capManagers(managers);

  const managedFields = encodeManagedFields(managers);

  return {
    ...stripped,
    metadata: { ...stripped.metadata, ...(managedFields && { managedFields }) },
  };
}
