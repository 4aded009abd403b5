import { assertNesting, equalJson } from '../../json/json.ts';
import { LAST_APPLIED } from '../../meta/annotations.ts';
import { badRequest, type StatusCause, StatusError } from '../../meta/errors.ts';
import { timestamp } from '../../meta/time.ts';
import { type KubeObject, kindText } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { compareTyped } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  type Manager,
  type Managers,
  managerId,
  resetFieldsOf,
  stripMeta,
  withoutManagedFields,
} from './managed-fields.ts';
import { mergeTyped, removeItems } from './merge-typed.ts';
import { typedFaults } from './typed-check.ts';

/**
 * How many conflicts are listed one by one, and how many characters their paths may have together.
 */
const maxConflicts = 100;
const maxConflictText = 64 * 1024;

/** What `applyServerSide` needs. */
export interface ApplyOptions {
  /** The stored object; undefined when it does not exist yet. */
  live: KubeObject | undefined;
  /** The configuration as sent. */
  applied: KubeObject;
  /** Name of the field manager. */
  manager: string;
  /** Takes over fields that other managers own. */
  force: boolean;
  schema: Schema;
  /** apiVersion that the request was made in. */
  apiVersion: string;
  subresource?: string;
  now: Date;
  /** Top-level fields that are not tracked; default by subresource, see `resetFieldsOf`. */
  resetFields?: readonly string[];
}

interface Conflict {
  manager: Manager;
  set: FieldSet;
}

function printManager({ manager, operation, apiVersion, subresource }: Manager): string {
  let text = JSON.stringify(manager);

  if (subresource !== '') {
    text += ` with subresource ${JSON.stringify(subresource)}`;
  }
  if (operation === 'Update') {
    text += ` using ${apiVersion}`;
  }

  return text;
}

/** Returns the first paths of a set, as many as may be listed. */
function firstPaths(set: FieldSet, told: { left: number; text: number }): string[] {
  const paths: string[] = [];

  if (told.left <= 0) {
    return paths;
  }

  for (const path of set.paths()) {
    paths.push(path);
    told.text -= path.length;
    if (--told.left <= 0 || told.text <= 0) {
      break;
    }
  }

  if (told.text <= 0) {
    told.left = 0;
  }

  return paths;
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const told = { left: maxConflicts, text: maxConflictText };

  const sorted = conflicts
    .map(({ manager, set }) => ({ name: printManager(manager), set }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, set }) => ({ name, paths: firstPaths(set, told) }))
    .filter(({ paths }) => paths.length > 0);

  const causes: StatusCause[] = sorted.flatMap(({ name, paths }) =>
    paths.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${name}`,
      field,
    })),
  );

  const count = conflicts.reduce((sum, { set }) => sum + set.size, 0);

  const lines = sorted.flatMap(({ name, paths }) => [
    `conflicts with ${name}:`,
    ...paths.map((path) => `- ${path}`),
  ]);

  if (count > causes.length) {
    lines.push(`and ${count - causes.length} more`);
  }

  const [first] = causes;
  const list =
    count === 1 && first
      ? `conflict: ${first.message}: ${first.field}`
      : `conflicts: ${lines.join('\n')}`;

  return new StatusError(409, 'Conflict', `Apply failed with ${count} ${list}`, { causes });
}

/**
 * Removes what this manager applied before and does not apply now, except its name and what another
 * manager owns.
 */
function* prune(
  merged: KubeObject,
  managers: Managers,
  last: FieldSet | undefined,
  applied: FieldSet,
  schema: Schema,
): Generator<void, KubeObject> {
  if (last === undefined || last.empty) {
    return merged;
  }

  const lastNamed = last.withNamedFields(schema);
  const mergedSet = fieldSetOf(merged, schema).withNamedFields(schema);
  const owned = FieldSet.unionOf([applied, ...Array.from(managers.values(), ({ set }) => set)]);

  yield;

  let pruned = removeItems(merged, lastNamed, schema);

  yield;

  const kept = fieldSetOf(pruned ?? {}, schema)
    .withNamedFields(schema)
    .union(owned.withNamedFields(schema));

  yield;
  pruned = removeItems(merged, mergedSet.difference(kept), schema);
  yield;

  const prunedSet = fieldSetOf(pruned ?? {}, schema).withNamedFields(schema);

  return removeItems(
    merged,
    mergedSet.difference(prunedSet).intersection(lastNamed),
    schema,
  ) as KubeObject;
}

function findConflicts(managers: Managers, own: string, changed: FieldSet): Conflict[] {
  const conflicts: Conflict[] = [];

  for (const [id, manager] of managers) {
    if (id === own) {
      continue;
    }

    const set = manager.set.intersection(changed);
    if (!set.empty) {
      conflicts.push({ manager, set });
    }
  }

  return conflicts;
}

/** What client-side `kubectl apply` set last is no conflict for `kubectl apply --server-side`. */
function areFromLastApplied(
  conflicts: readonly Conflict[],
  live: KubeObject,
  schema: Schema,
): boolean {
  const annotation = live.metadata.annotations?.[LAST_APPLIED];
  if (annotation === undefined || annotation === '') {
    return false;
  }

  try {
    const set = fieldSetOf(JSON.parse(annotation), schema);
    set.at('f:metadata').at('f:annotations').at(`f:${LAST_APPLIED}`).member = true;
    return conflicts.every((conflict) => conflict.set.difference(set).empty);
  } catch {
    // An annotation that cannot be read proves nothing: the conflicts stay.
    return false;
  }
}

function syncLastApplied(merged: KubeObject, applied: KubeObject): KubeObject {
  if (!merged.metadata.annotations?.[LAST_APPLIED]) {
    return merged;
  }

  const { [LAST_APPLIED]: _, ...annotations } = applied.metadata.annotations ?? {};

  const config = {
    ...applied,
    metadata: { ...applied.metadata, ...(applied.metadata.annotations && { annotations }) },
  };

  const value = `${JSON.stringify(config)}\n`;

  return {
    ...merged,
    metadata: {
      ...merged.metadata,
      annotations: { ...merged.metadata.annotations, [LAST_APPLIED]: value },
    },
  };
}

/**
 * Throws a StatusError 500, as kube-apiserver does, for a configuration that does not fit the
 * schema.
 */
export function checkConfiguration(
  { apiVersion, kind, metadata, ...rest }: KubeObject,
  schema: Schema,
): void {
  const fault = typedFaults({ apiVersion, kind, metadata, ...rest }, schema);
  if (fault === '') {
    return;
  }

  const { namespace = '', name = '' } = metadata;
  const subject = `${namespace}/${name}; ${kindText({ apiVersion, kind })}`;

  throw new StatusError(500, '', `failed to create typed patch object (${subject}): ${fault}`);
}

/**
 * The object after a server-side apply (kubernetes.io "Server-Side Apply"), with its new
 * managedFields; defaulting and validation are the caller's. Equal to the live object, times
 * included, when nothing changes. Throws a StatusError 409 with a cause for each conflict; the
 * configuration must have been checked.
 */
export function applyServerSide(options: ApplyOptions): KubeObject {
  const steps = applySteps(options);
  let step = steps.next();
  while (!step.done) {
    step = steps.next();
  }

  return step.value;
}

/** The same as `applyServerSide` in steps: yields wherever other requests may run. */
export function* applySteps(options: ApplyOptions): Generator<void, KubeObject> {
  const { applied, schema, apiVersion, subresource = '', now } = options;
  assertNesting(applied);

  if (applied.metadata?.managedFields !== undefined && applied.metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }

  const live = withoutManagedFields(options.live ?? { metadata: {} });
  const managers = decodeManagedFields(options.live?.metadata.managedFields) ?? new Map();
  const reset = options.resetFields ?? resetFieldsOf(subresource);

  if (managers.size === 0 && options.live !== undefined) {
    const before = {
      manager: 'before-first-apply',
      operation: 'Update' as const,
      apiVersion,
      subresource: '',
    };

    const set = stripMeta(compareTyped({ metadata: {} }, live, schema).added.withoutFields(reset));
    if (!set.empty) {
      managers.set(managerId(before), { ...before, time: timestamp(now), set });
    }
  }

  const name = { manager: options.manager, operation: 'Apply' as const, apiVersion, subresource };
  const own = managerId(name);
  const last = managers.get(own);
  const whole = fieldSetOf(applied, schema);
  const set = stripMeta(whole.withoutFields(reset));
  const time = timestamp(now);

  managers.set(own, { ...name, time: last?.time, set });
  yield;

  let merged = mergeTyped(live, applied, schema) as KubeObject;

  yield;
  merged = yield* prune(merged, managers, last?.set, whole, schema);
  yield;

  if (options.live === undefined) {
    merged = { ...merged, metadata: merged.metadata ?? {} };
  }

  const { added, modified, removed } = compareTyped(live, merged, schema);
  const changed = added.union(modified).withoutFields(reset);

  yield;

  const conflicts = findConflicts(managers, own, changed);
  if (conflicts.length > 0 && !options.force) {
    if (options.manager !== 'kubectl' || !areFromLastApplied(conflicts, live, schema)) {
      throw conflictError(conflicts);
    }
  }

  const gone = removed.withoutFields(reset);

  for (const [id, manager] of managers) {
    const left = id === own ? manager.set : manager.set.difference(changed).difference(gone);
    if (left.empty) {
      managers.delete(id);
    } else {
      managers.set(id, { ...manager, set: left });
    }
  }

  yield;

  if (options.manager === 'kubectl') {
    merged = syncLastApplied(merged, applied);
  }

  // A manager that applies what is there already keeps the time of its last change.
  const unchanged = options.live !== undefined && equalJson(live, merged);
  const mine = managers.get(own);
  if (!unchanged && mine !== undefined) {
    managers.set(own, { ...mine, time });
  }

  yield;

  const managedFields = encodeManagedFields(managers);

  return { ...merged, metadata: { ...merged.metadata, ...(managedFields && { managedFields }) } };
}
