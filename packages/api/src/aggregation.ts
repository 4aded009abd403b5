/**
 * Reads the annotation by which a role names the roles that it is made from: a JSON array of names;
 * anything else names none.
 */
export function aggregatedNames(annotation: string | undefined): string[] {
  if (annotation === undefined) {
    return [];
  }

  try {
    const names: unknown = JSON.parse(annotation);
    return Array.isArray(names)
      ? [...new Set(names.filter((name): name is string => typeof name === 'string'))]
      : [];
  } catch {
    return [];
  }
}
