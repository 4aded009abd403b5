/** Version of this server. It is that of the root package.json: scripts/versions.mjs compares them. */
export const VERSION = '0.1.0';

/** Suffix of this build's version. */
const SUFFIX = `ts.${VERSION}`;

/** Version of this build. */
export interface BuildInfo {
  gitVersion: string;
  gitCommit: string;
  buildDate: string;
}

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
