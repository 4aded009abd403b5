/** One rule of a Role, ClusterRole, GlobalRole or WorkspaceRole (Kubernetes rbac/v1 PolicyRule). */
export interface PolicyRule {
  verbs?: readonly string[] | null;
  apiGroups?: readonly string[] | null;
  resources?: readonly string[] | null;
  resourceNames?: readonly string[] | null;
  nonResourceURLs?: readonly string[] | null;
}

/** What a request does, as far as rules are concerned. */
export interface RuleAttributes {
  verb: string;
  isResource: boolean;
  group: string;
  resource: string;
  subresource: string;
  name: string;
  path: string;
}

function includes(list: readonly string[] | null | undefined, value: string): boolean {
  if (!list) {
    return false;
  }

  for (const item of list) {
    if (item === '*' || item === value) {
      return true;
    }
  }

  return false;
}

function resourceMatches(
  list: readonly string[] | null | undefined,
  resource: string,
  subresource: string,
): boolean {
  if (!list) {
    return false;
  }

  const full = subresource === '' ? resource : `${resource}/${subresource}`;

  for (const item of list) {
    if (item === '*' || item === full) {
      return true;
    }

    if (
      subresource !== '' &&
      item.length === subresource.length + 2 &&
      item.startsWith('*/') &&
      item.endsWith(subresource)
    ) {
      return true;
    }
  }

  return false;
}

/**
 * Whether one non-resource URL of a rule covers a path: exactly, by `*`, or by a prefix before a
 * trailing `*`.
 */
export function nonResourceUrlMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) {
    return true;
  }
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

/**
 * Whether a rule allows a request (Kubernetes "Using RBAC Authorization", "Referring to
 * resources").
 */
export function ruleAllows(rule: PolicyRule, attributes: RuleAttributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) {
    return false;
  }

  if (!attributes.isResource) {
    return (rule.nonResourceURLs ?? []).some((pattern) =>
      nonResourceUrlMatches(pattern, attributes.path),
    );
  }

  if (!includes(rule.apiGroups, attributes.group)) {
    return false;
  }
  if (!resourceMatches(rule.resources, attributes.resource, attributes.subresource)) {
    return false;
  }

  const names = rule.resourceNames ?? [];

  return names.length === 0 || names.includes(attributes.name);
}
