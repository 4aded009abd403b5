import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import type { BuildInfo } from '../../config/build.ts';
import { ANONYMOUS } from '../../models/iam/login/authenticate.ts';

/**
 * How long the Kubernetes API's version is remembered, and how long to wait for it, in
 * milliseconds.
 */
const KNOWN_MS = 30_000;
const TIMEOUT_MS = 3000;

interface Versions {
  goVersion: string;
  kubernetes: object | undefined;
}

const KubernetesVersion = Type.Object({
  major: Type.String(),
  minor: Type.String(),
  gitVersion: Type.String(),
  gitCommit: Type.String(),
  gitTreeState: Type.String(),
  buildDate: Type.String(),
  goVersion: Type.String(),
  compiler: Type.String(),
  platform: Type.String(),
});

const Version = Type.Object(
  {
    gitVersion: Type.String(),
    gitMajor: Type.String(),
    gitMinor: Type.String(),
    gitCommit: Type.String(),
    gitTreeState: Type.String(),
    buildDate: Type.String(),
    goVersion: Type.String({ description: 'runtime of this server' }),
    compiler: Type.String(),
    platform: Type.String(),
    kubernetes: Type.Optional(KubernetesVersion),
  },
  { $id: 'version.Info' },
);

/**
 * Callers without a log-in are not told versions of runtimes, which may have known vulnerabilities.
 */
function withoutRuntimes({ kubernetes, ...own }: Versions): Versions {
  return {
    ...own,
    goVersion: '',
    kubernetes: kubernetes && { ...kubernetes, goVersion: '' },
  };
}

/**
 * `/kapis/version`: the versions of this server and of the Kubernetes API behind it, the latter
 * left out while it does not answer; runtimes for who has logged in.
 */
export function version(client: KubeReader, build: BuildInfo): Route[] {
  let known: { at: number; value: Promise<object | undefined> } | undefined;

  const kubernetes = (): Promise<object | undefined> => {
    if (!known || Date.now() - known.at > KNOWN_MS) {
      const value = client.read('/version', AbortSignal.timeout(TIMEOUT_MS)).then(
        (bytes) => JSON.parse(bytes.toString()) as object,
        () => {
          known = undefined;
          return undefined;
        },
      );

      known = { at: Date.now(), value };
    }

    return known.value;
  };

  const own = {
    gitVersion: build.gitVersion,
    gitMajor: '',
    gitMinor: '',
    gitCommit: build.gitCommit,
    gitTreeState: 'clean',
    buildDate: build.buildDate,
    goVersion: `node ${process.version}`,
    compiler: 'tsc',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };

  return [
    {
      method: 'GET',
      path: '/kapis/version',
      operationId: 'version',
      summary: 'Version of this server and of Kubernetes',
      tags: ['Version'],
      returns: Version,
      handler: async ({ user }) => {
        const versions = { ...own, kubernetes: await kubernetes() };
        return user.name === ANONYMOUS.name ? withoutRuntimes(versions) : versions;
      },
    },
  ];
}
