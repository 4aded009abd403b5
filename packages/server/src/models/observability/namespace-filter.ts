import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** Which names match: one of the given, and one that contains one of the parts; none means all. */
export interface NameFilter {
  readonly names: readonly string[];
  readonly parts: readonly string[];
}

/** Restricts namespaces by their own name and by that of their workspace. */
export interface NamespaceFilter {
  readonly namespace: NameFilter;
  readonly workspace: NameFilter;
}

/** A filter that every name passes. */
export const ANY_NAME: NameFilter = { names: [], parts: [] };

/** Whether a filter restricts anything. */
export function restricts({ names, parts }: NameFilter): boolean {
  return names.length > 0 || parts.length > 0;
}

/** Whether a name passes a filter. */
export function passes({ names, parts }: NameFilter, name: string): boolean {
  return (
    (names.length === 0 || names.includes(name)) &&
    (parts.length === 0 || parts.some((part) => name.includes(part)))
  );
}

/** Whether a namespace passes; one without a workspace fails where workspaces are restricted. */
export function passesBoth({ namespace, workspace }: NamespaceFilter, entry: Entry): boolean {
  if (!passes(namespace, entry.name)) {
    return false;
  }
  if (!restricts(workspace)) {
    return true;
  }

  const label = entry.labels[WORKSPACE_LABEL] ?? '';

  return label !== '' && passes(workspace, label);
}
