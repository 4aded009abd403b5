import type { BuildInfo } from '../kapis/version/routes.ts';

/** What this build is: it stands for KubeSphere 3.0.0. */
export const BUILD: BuildInfo = { gitVersion: 'v3.0.0-ts.1', gitCommit: 'unknown', buildDate: '2026-11-24T00:00:00Z' };
