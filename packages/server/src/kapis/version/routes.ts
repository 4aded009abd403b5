import { type Awaitable, whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { jsonReply, type Route, type RouteReply } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import type { BuildInfo } from '../../config/build.ts';
import { ANONYMOUS } from '../../models/iam/login/authenticate.ts';

/**
 * How long the Kubernetes API's version is remembered, and how long to wait for it, in
 * milliseconds.
 */
const KNOWN_MS = 30_000;
const TIMEOUT_MS = 3000;

/** Answers for who has logged in, and for others. */
interface Answers {
  all: RouteReply;
  withoutRuntimes: RouteReply;
}

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
  let known: { until: number; answers: Awaitable<Answers> } | undefined;

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

  const answersFor = (kubernetes: object | undefined): Answers => {
    const versions = { ...own, kubernetes };
    return { all: jsonReply(versions), withoutRuntimes: jsonReply(withoutRuntimes(versions)) };
  };

  const readAnswers = async (): Promise<Answers> => {
    try {
      const bytes = await client.read('/version', AbortSignal.timeout(TIMEOUT_MS));
      const answers = answersFor(JSON.parse(bytes.toString()));
      known = { until: Date.now() + KNOWN_MS, answers };

      return answers;
    } catch {
      known = undefined;
      return answersFor(undefined);
    }
  };

  const answers = (): Awaitable<Answers> => {
    if (!known || Date.now() > known.until) {
      known = { until: Date.now() + KNOWN_MS, answers: readAnswers() };
    }

    return known.answers;
  };

  return [
    {
      method: 'GET',
      path: '/kapis/version',
      operationId: 'version',
      summary: 'Version of this server and of Kubernetes',
      tags: ['Version'],
      returns: Version,
      handler: ({ user }) =>
        whenReady(answers(), (each) =>
          user.name === ANONYMOUS.name ? each.withoutRuntimes : each.all,
        ),
    },
  ];
}
