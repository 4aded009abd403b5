import type { BuildInfo } from './routes.ts';

/** Version of this server: that of the repository's package.json, which the release compares. */
export const VERSION = '0.1.0';

/** This build among those that stand for the same KubeSphere. */
const SUFFIX = `ts.${VERSION}`;

/** What this build is: it stands for KubeSphere 3.0.0. */
export const BUILD: BuildInfo = {
  gitVersion: `v3.0.0-${SUFFIX}`,
  gitCommit: 'unknown',
  buildDate: '2026-11-24T00:00:00Z',
};

/** The same build as one that stands for another version of KubeSphere, such as `3.4.1`. */
export function buildAs(version: string): BuildInfo {
  return { ...BUILD, gitVersion: `v${version}-${SUFFIX}` };
}
