import type { ResourceCatalog } from '../../resources/resource-catalog.ts';
import { approvalOf } from './approval.ts';
import type { Definition, DefinitionCondition, DefinitionNames } from './definition.ts';

type Status = NonNullable<Definition['status']>;

/** The status of a definition with one condition set; its time changes only with its status. */
export function withCondition(
  { status }: Definition,
  type: string,
  value: 'True' | 'False',
  reason: string,
  message: string,
  at: string,
): Status {
  const before = status?.conditions ?? [];
  const was = before.find((item) => item.type === type);
  const lastTransitionTime = was?.status === value ? was.lastTransitionTime : at;

  const condition: DefinitionCondition = {
    type,
    status: value,
    lastTransitionTime,
    reason,
    message,
  };

  const conditions = was
    ? before.map((item) => (item === was ? condition : item))
    : [...before, condition];

  return { ...status, conditions };
}

/** The names of other resources in a definition's group. */
function findTakenNames(
  catalog: ResourceCatalog,
  definition: Definition,
): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();

  for (const type of catalog.types()) {
    if (
      type.group !== definition.spec.group ||
      type.custom?.definition === definition.metadata.name
    ) {
      continue;
    }

    for (const name of [type.resource, type.singular, ...type.shortNames]) {
      resources.add(name);
    }

    kinds.add(type.kind).add(type.listKind);
  }

  return { resources, kinds };
}

/**
 * The status of a definition after its names are compared with others (apiextensions naming and
 * establishing controllers).
 */
export function acceptedStatus(
  catalog: ResourceCatalog,
  definition: Definition,
  at: string,
): Status {
  const { names } = definition.spec;
  const { resources, kinds } = findTakenNames(catalog, definition);
  const accepted: DefinitionNames = {
    ...(definition.status?.acceptedNames ?? { plural: '', kind: '' }),
  };
  let conflict: { reason: string; message: string } | undefined;

  const accept = <K extends keyof DefinitionNames>(field: K, used: Set<string>, reason: string) => {
    const wanted = names[field];
    const found = [wanted ?? []].flat().find((name) => used.has(name));
    if (found !== undefined) {
      conflict = { reason, message: `${JSON.stringify(found)} is already in use` };
    } else if (wanted === undefined) {
      delete accepted[field];
    } else {
      accepted[field] = structuredClone(wanted);
    }
  };

  accept('plural', resources, 'PluralConflict');
  accept('singular', resources, 'SingularConflict');
  accept('shortNames', resources, 'ShortNamesConflict');
  accept('kind', kinds, 'KindConflict');
  accept('listKind', kinds, 'ListKindConflict');

  if (names.categories) {
    accepted.categories = structuredClone(names.categories);
  } else {
    delete accepted.categories;
  }

  const named = conflict
    ? withCondition(definition, 'NamesAccepted', 'False', conflict.reason, conflict.message, at)
    : withCondition(definition, 'NamesAccepted', 'True', 'NoConflicts', 'no conflicts found', at);
  const established = named.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const next = { ...definition, status: { ...named, acceptedNames: accepted } };

  if (established) {
    return withApprovalCondition(next, at);
  }

  const status = conflict
    ? withCondition(next, 'Established', 'False', 'NotAccepted', 'not all names are accepted', at)
    : withCondition(
        next,
        'Established',
        'True',
        'InitialNamesAccepted',
        'the initial names have been accepted',
        at,
      );

  return withApprovalCondition({ ...definition, status }, at);
}

/** The status with the approval condition of a definition in a group of Kubernetes. */
function withApprovalCondition(definition: Definition & { status: Status }, at: string): Status {
  const approval = approvalOf(definition);
  if (!approval) {
    return definition.status;
  }

  const { state, message } = approval;
  const value = state === 'Approved' ? 'True' : 'False';

  return withCondition(
    definition,
    'KubernetesAPIApprovalPolicyConformant',
    value,
    `${state}Annotation`,
    message,
    at,
  );
}
