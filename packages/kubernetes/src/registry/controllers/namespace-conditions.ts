/** What is left of a namespace that is being deleted. */
export interface NamespaceContent {
  /** Objects by resource, as `resource.group`. */
  resources: ReadonlyMap<string, number>;
  /** Objects by finalizer that holds them. */
  finalizers: ReadonlyMap<string, number>;
}

interface Condition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime: string;
  reason: string;
  message: string;
}

const listed = (
  counts: ReadonlyMap<string, number>,
  text: (name: string, count: number) => string,
): string =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => text(name, count))
    .join(', ');

/**
 * Conditions of a namespace's status while it ends, in the words of Kubernetes' namespace
 * controller; times of unchanged ones stay.
 */
export function terminatingConditions(
  before: readonly Condition[],
  { resources, finalizers }: NamespaceContent,
  now: string,
): Condition[] {
  const condition = (
    type: string,
    status: Condition['status'],
    reason: string,
    message: string,
  ): Condition => {
    const same = before.find((old) => old.type === type && old.status === status);
    return { type, status, lastTransitionTime: same?.lastTransitionTime ?? now, reason, message };
  };

  const remaining = listed(resources, (name, count) => `${name} has ${count} resource instances`);
  const holding = listed(finalizers, (name, count) => `${name} in ${count} resource instances`);

  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    remaining === ''
      ? condition(
          'NamespaceContentRemaining',
          'False',
          'ContentRemoved',
          'All content successfully removed',
        )
      : condition(
          'NamespaceContentRemaining',
          'True',
          'SomeResourcesRemain',
          `Some resources are remaining: ${remaining}`,
        ),
    holding === ''
      ? condition(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${holding}`,
        ),
  ];
}
