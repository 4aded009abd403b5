/** Returns the plural in `plural` or `plural.group`. */
export function pluralOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

/** Returns a test for the group that `plural.group` names; every group passes if it names none. */
export function inGroup(name: string): (kind: { group: string }) => boolean {
  const dot = name.indexOf('.');
  // The core group cannot be named: an authorizer reads "secrets." as another resource.
  return ({ group }) => dot < 0 || (group !== '' && group === name.slice(dot + 1));
}
