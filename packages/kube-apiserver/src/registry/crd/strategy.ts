import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { timestamp } from '../metadata.ts';
import type { ResourceCatalog } from '../resource-catalog.ts';
import type { Strategy } from '../strategy.ts';
import { CLEANUP_FINALIZER, type Definition, type DefinitionCondition, type DefinitionNames } from './definition.ts';
import { validateDefinition } from './validate-definition.ts';

const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/;
const APPROVAL = 'api-approved.kubernetes.io';

/** The reason and message of a name that another resource of the group has; undefined when all are free. */
function nameConflict(
  catalog: ResourceCatalog,
  definition: Definition,
): { reason: string; message: string } | undefined {
  const { names, group } = definition.spec;
  const taken = new Set<string>();
  const kinds = new Set<string>();
  for (const type of catalog.types()) {
    if (type.group !== group || type.custom?.definition === definition.metadata.name) continue;
    for (const name of [type.resource, type.singular, ...type.shortNames]) taken.add(name);
    kinds.add(type.kind).add(type.listKind);
  }
  const used = (reason: string, name: string) => ({ reason, message: `${JSON.stringify(name)} is already in use` });
  if (taken.has(names.plural)) return used('PluralConflict', names.plural);
  if (names.singular && taken.has(names.singular)) return used('SingularConflict', names.singular);
  for (const name of names.shortNames ?? []) if (taken.has(name)) return used('ShortNamesConflict', name);
  if (kinds.has(names.kind)) return used('KindConflict', names.kind);
  if (names.listKind && kinds.has(names.listKind)) return used('ListKindConflict', names.listKind);
  return undefined;
}

function condition(type: string, ok: boolean, reason: string, message: string, now: string): DefinitionCondition {
  return { type, status: ok ? 'True' : 'False', lastTransitionTime: now, reason, message };
}

function withTransitions(
  conditions: DefinitionCondition[],
  before: readonly DefinitionCondition[],
): DefinitionCondition[] {
  const kept = before.filter(({ type }) => conditions.every((item) => item.type !== type));
  return [
    ...kept,
    ...conditions.map((item) => {
      const was = before.find(({ type, status }) => type === item.type && status === item.status);
      return was ? { ...item, lastTransitionTime: was.lastTransitionTime } : item;
    }),
  ];
}

function setNames({ spec }: Definition): void {
  if (!spec?.names) return;
  if (spec.names.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase();
    spec.names.listKind ||= `${spec.names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
}

/** Fills in the status that in Kubernetes the naming and establishing controllers write a moment later. */
function setStatus(definition: Definition, old: Definition | undefined, catalog: ResourceCatalog, now: Date): void {
  const at = timestamp(now);
  const before = old?.status?.conditions ?? [];
  const conflict = nameConflict(catalog, definition);
  const wasEstablished = before.some((item) => item.type === 'Established' && item.status === 'True');
  const established = !conflict || wasEstablished;
  const names: DefinitionNames = conflict
    ? (old?.status?.acceptedNames ?? { plural: '', kind: '' })
    : definition.spec.names;
  const storage = definition.spec.versions?.find((version) => version.storage)?.name;
  const stored = definition.status?.storedVersions ?? old?.status?.storedVersions ?? [];
  definition.status = {
    conditions: withTransitions(
      [
        conflict
          ? condition('NamesAccepted', false, conflict.reason, conflict.message, at)
          : condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found', at),
        established
          ? condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted', at)
          : condition('Established', false, 'NotAccepted', 'not all names are accepted', at),
      ],
      before,
    ),
    acceptedNames: structuredClone(names),
    storedVersions: storage && !stored.includes(storage) ? [...stored, storage] : stored,
  };
}

/** CustomResourceDefinitions: named, established and stored versions noted in the write itself, so that they serve at once. */
export function definitionStrategy(catalog: ResourceCatalog): Strategy {
  return {
    generation: true,
    unconditionalUpdate: false,
    decode(object: KubeObject, _old, { subresource }) {
      if (subresource === '') setNames(object as Definition);
    },
    prepareForCreate(object: KubeObject, { now }) {
      const definition = object as Definition;
      delete definition.status;
      definition.metadata.finalizers = [...new Set([...(definition.metadata.finalizers ?? []), CLEANUP_FINALIZER])];
      if (definition.spec?.names && Array.isArray(definition.spec.versions))
        setStatus(definition, undefined, catalog, now);
    },
    prepareForUpdate(object: KubeObject, old: KubeObject, { subresource, now }) {
      const definition = object as Definition;
      if (subresource === 'status') return;
      if (definition.spec?.names && Array.isArray(definition.spec.versions)) {
        setStatus(definition, old as Definition, catalog, now);
      }
    },
    validate(object, old) {
      const definition = object as Definition;
      const group = definition.spec?.group ?? '';
      if (!old && PROTECTED_GROUP.test(group) && !definition.metadata.annotations?.[APPROVAL]) {
        const message = `CustomResourceDefinition.apiextensions.k8s.io ${JSON.stringify(definition.metadata.name)} is invalid: metadata.annotations[${APPROVAL}]: Required value: protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`;
        throw new StatusError(422, 'Invalid', message);
      }
      return validateDefinition(definition, old as Definition | undefined);
    },
  };
}
