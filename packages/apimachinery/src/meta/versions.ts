const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Stability of a version, its number, and the number of its alpha or beta. */
function rank(version: string): readonly [number, number, number] {
  const match = VERSION.exec(version);
  if (!match) {
    return [0, 0, 0];
  }

  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;

  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

/**
 * Sorts versions as Kubernetes does: v2, v1, v1beta1, v1alpha1, then others by name (Kubernetes
 * "Version priority").
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];

  for (let i = 0; i < 3; i++) {
    if (left[i] !== right[i]) {
      return right[i]! - left[i]!;
    }
  }

  return a < b ? -1 : a > b ? 1 : 0;
}
