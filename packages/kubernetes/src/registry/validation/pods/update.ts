import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { rangeError } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { changesOf } from '../changes.ts';
import { validateImageText } from './containers.ts';
import { validateTolerations } from './scheduling.ts';

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

/** @returns false where nothing more is to be said */
function validateContainers(
  now: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): boolean {
  if (now.length !== old.length) {
    out.forbidden(at, 'pod updates may not add or remove containers');
    return false;
  }

  each(now, at, (container, path) => {
    if (!container.image) {
      out.required(`${path}.image`);
    } else {
      validateImageText(container, path, out);
    }
  });

  return true;
}

/** @returns false where nothing more is to be said */
function validateDeadline(
  now: number | undefined,
  old: number | undefined,
  at: string,
  out: Causes,
): boolean {
  if (now === undefined) {
    if (old !== undefined) {
      out.invalid(at, null, 'must not update from a positive integer to nil value');
    }
    return true;
  }

  if (now < 0 || now > 2_147_483_647) {
    out.invalid(at, now, rangeError(0, 2_147_483_647));
  } else if (old !== undefined && old < now) {
    out.invalid(at, now, 'must be less than or equal to previous value');
  } else {
    return true;
  }

  return false;
}

function tolerations(
  now: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): void {
  const identity = (toleration: Fields) =>
    JSON.stringify(
      Object.entries({ ...toleration, tolerationSeconds: 0 }).sort(([a], [b]) => (a < b ? -1 : 1)),
    );

  const wished = new Set(now.map(identity));
  if (!old.every((toleration) => wished.has(identity(toleration)))) {
    out.forbidden(at, 'existing toleration can not be modified except its tolerationSeconds');
  } else {
    validateTolerations(now, at, out);
  }
}

function validateGates(
  now: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): void {
  const before = new Set(old.map(({ name }) => name));
  each(now, at, ({ name }, path) => {
    if (before.has(name)) {
      return;
    }

    out.forbidden(
      `${path}.name`,
      `only deletion is allowed, but found new scheduling gate '${name}'`,
    );
  });
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';

function begins(now: readonly Fields[] = [], old: readonly Fields[] = []): boolean {
  return now.length >= old.length && old.every((item, index) => equalJson(item, now[index]));
}

function onlyAdds(now: Fields = {}, old: Fields = {}): boolean {
  const isEmpty = !old.matchExpressions?.length && !old.matchFields?.length;
  if (isEmpty && (now.matchExpressions?.length || now.matchFields?.length)) {
    return false;
  }

  return (
    begins(now.matchExpressions, old.matchExpressions) && begins(now.matchFields, old.matchFields)
  );
}

/** A pod with scheduling gates may still get a narrower node selector and affinity. */
function validateWhileGated(now: Fields, old: Fields, at: string, out: Causes): void {
  const [selector, before] = [now.nodeSelector ?? {}, old.nodeSelector ?? {}];
  if (Object.keys(before).some((key) => selector[key] !== before[key])) {
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    out.invalid(`${at}.nodeSelector`, now.nodeSelector ?? null, why);
  }

  const terms: Fields[] = old.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms ?? [];
  const wished: Fields[] = now.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms ?? [];
  const field = `${at}.affinity.nodeAffinity.${hard}.nodeSelectorTerms`;

  if (terms.length > 0 && terms.length !== wished.length) {
    out.invalid(
      field,
      wished,
      'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
    );

    return;
  }

  terms.forEach((term, index) => {
    if (onlyAdds(wished[index], term)) {
      return;
    }

    out.invalid(
      `${field}[${index}]`,
      wished[index],
      'only additions are allowed (no mutations or deletions)',
    );
  });
}

/** The new spec with all mutable fields set to their old values. */
function restoreMutableFields(now: Fields, old: Fields): Fields {
  const images = (list: Fields[] | undefined, before: Fields[] | undefined) =>
    list?.map((container, index) => ({ ...container, image: before?.[index]?.image }));
  const isGated = (old.schedulingGates ?? []).length > 0;
  const grace = now.terminationGracePeriodSeconds === 1 && old.terminationGracePeriodSeconds < 0;
  const { nodeAffinity: _wished, ...affinity } = now.affinity ?? {};
  const { nodeAffinity } = old.affinity ?? {};
  const merged = { ...affinity, ...(nodeAffinity && { nodeAffinity }) };

  return {
    ...now,
    containers: images(now.containers, old.containers),
    initContainers: images(now.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    ...(grace && { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds }),
    ...(isGated && {
      nodeSelector: old.nodeSelector,
      affinity: Object.keys(merged).length > 0 || old.affinity ? merged : undefined,
    }),
  };
}

const clean = (value: unknown) => JSON.parse(JSON.stringify(value));

/** Refuses changes of a pod's spec, except of its few mutable fields. */
export function validateSpecUpdate(now: Fields, old: Fields, at: string, out: Causes): void {
  if (!validateContainers(now.containers ?? [], old.containers ?? [], `${at}.containers`, out)) {
    return;
  }

  if (
    !validateContainers(
      now.initContainers ?? [],
      old.initContainers ?? [],
      `${at}.initContainers`,
      out,
    )
  ) {
    return;
  }

  const field = `${at}.activeDeadlineSeconds`;
  if (!validateDeadline(now.activeDeadlineSeconds, old.activeDeadlineSeconds, field, out)) {
    return;
  }

  tolerations(now.tolerations ?? [], old.tolerations ?? [], `${at}.tolerations`, out);
  validateGates(now.schedulingGates ?? [], old.schedulingGates ?? [], `${at}.schedulingGates`, out);

  if (equalJson(clean(now), clean(old))) {
    return;
  }
  if ((old.schedulingGates ?? []).length > 0) {
    validateWhileGated(now, old, at, out);
  }

  const [fixed, before] = [clean(restoreMutableFields(now, old)), clean(old)];
  if (equalJson(fixed, before)) {
    return;
  }

  const why = `pod updates may not change fields other than ${updatable.join(',')}`;
  out.forbidden(at, `${why}\n${changesOf(before, fixed)}`);
}

/** Ephemeral containers can be added, but not changed or removed. */
export function validateEphemeralUpdate(
  now: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): void {
  const byName = new Map(now.map((container) => [container.name, container]));

  for (const container of old) {
    const kept = byName.get(container.name);
    const what = `existing ephemeral containers ${JSON.stringify(container.name)} may not be`;

    if (!kept) {
      out.forbidden(at, `${what} removed\n`);
    } else if (!equalJson(kept, container)) {
      out.forbidden(at, `${what} changed\n${changesOf(container, kept)}`);
    }
  }
}

const sameNames = (now: readonly Fields[], old: readonly Fields[]) =>
  now.length === old.length && now.every(({ name }, index) => name === old[index]?.name);

/** Resources of running containers can change, but not be removed. */
export function validateResize(now: Fields, old: Fields, out: Causes): void {
  for (const list of ['containers', 'initContainers']) {
    const containers: Fields[] = now[list] ?? [];
    const before: Fields[] = old[list] ?? [];
    const field = `spec.${list}`;

    if (!sameNames(containers, before)) {
      out.forbidden(field, 'containers may not be added or removed on resize');
      return;
    }

    each(containers, field, ({ resources }, path, index) => {
      for (const kind of ['requests', 'limits']) {
        const have = resources?.[kind] ?? {};
        const had = before[index]?.resources?.[kind] ?? {};
        if (Object.keys(had).every((name) => name in have)) {
          continue;
        }

        out.forbidden(`${path}.resources.${kind}`, `resource ${kind} cannot be removed`);
      }
    });
  }
}
