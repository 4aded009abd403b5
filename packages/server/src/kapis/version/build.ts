import type { BuildInfo } from './routes.ts';

/** Suffix of this build's version. */
const SUFFIX = 'ts.1';

/** This build reports KubeSphere 3.0.0. */
export const BUILD: BuildInfo = {
  gitVersion: `v3.0.0-${SUFFIX}`,
  gitCommit: 'unknown',
  buildDate: '2026-11-24T00:00:00Z',
};

/** Returns the build that reports another version of KubeSphere, such as `3.4.1`. */
export function buildAs(version: string): BuildInfo {
  return { ...BUILD, gitVersion: `v${version}-${SUFFIX}` };
}
