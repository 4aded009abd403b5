import { compareText } from '../text/compare-text.ts';

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STABILITY: Readonly<Record<string, number>> = { stable: 3, beta: 2, alpha: 1 };

/**
 * Returns the stability of a version (3 stable, 2 beta, 1 alpha), its number, and the number of its
 * alpha or beta.
 */
function rank(version: string): readonly [number, number, number] {
  const match = VERSION.exec(version);
  if (!match) {
    return [0, 0, 0];
  }

  const [, number, stability = 'stable', preview = 0] = match;

  return [STABILITY[stability] ?? 0, Number(number), Number(preview)];
}

/**
 * Sorts versions as Kubernetes does: v2, v1, v1beta1, v1alpha1, then others by name (Kubernetes
 * "Version priority").
 */
export function compareVersions(a: string, b: string): number {
  const [stabilityA, numberA, previewA] = rank(a);
  const [stabilityB, numberB, previewB] = rank(b);

  return stabilityB - stabilityA || numberB - numberA || previewB - previewA || compareText(a, b);
}
