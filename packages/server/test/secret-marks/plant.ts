import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { plantUser } from '../attack/attackers.ts';
import { tenantsOf } from '../attack/built-in-roles.ts';
import { PATHS, SYSTEM, type TestPlatform } from '../support/test-platform.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const { own } = tenantsOf('');

/** Name of every planted object, and of the user whose hash is a mark. */
export const VICTIM = 'victim';

/** The member cluster whose kubeconfig and token are marks. */
export const CLUSTER = 'far';

/** The planted secrets, each with the forms in which an answer could contain it. */
export interface Marks {
  /** Password hashes and credentials of Jenkins, which no user sees, not even the administrator. */
  hidden: ReadonlyMap<string, string>;
  /** All marks, which only users with all rights see. */
  all: ReadonlyMap<string, string>;
}

/**
 * Returns the forms of a text in an answer: plain, in base64, and in base64 twice, as a kubeconfig
 * in a Secret is.
 */
function forms(what: string, text: string): [string, string][] {
  // A base64 text inside another one is found by the part between its first and last groups, at
  // each of three offsets.
  const inner = [0, 1, 2].map((shift) => base64(`${'x'.repeat(shift)}${text}`).slice(4, -4));

  return [
    [text, what],
    ...inner
      .filter((form) => form.length >= 16)
      .map((form): [string, string] => [form, `${what} in base64`]),
  ];
}

/** Plants a Secret that is a credential of Jenkins, as `kubectl apply` would. */
async function plantCredential(platform: TestPlatform, mark: string): Promise<void> {
  const secret = {
    type: 'credential.devops.kubesphere.io/secret-text',
    data: { secret: base64(mark) },
  };

  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret),
  };

  await platform.write(`/api/v1/namespaces/${own.namespace}/secrets`, {
    metadata: { name: VICTIM, annotations },
    ...secret,
  });
}

/** Plants marked secrets of every kind that must not be shown. */
export async function plantMarks(platform: TestPlatform): Promise<Marks> {
  await plantUser(platform, VICTIM);

  const { password } = (await platform.server.kubernetes(`${PATHS.iamObjects}/users/${VICTIM}`))
    .json.spec;
  assert.match(password, /^\$2/);

  const credential = 'mark-of-a-credential-of-jenkins';
  await plantCredential(platform, credential);

  // The digest alone is as sensitive as the whole.
  const hidden = new Map([
    ...forms('password hash', password),
    ...forms('password hash', password.slice(-31)),
    ...forms('credential of Jenkins', credential),
  ]);

  const kubeconfig = 'apiVersion: v1\nkind: Config\n# mark-of-the-kubeconfig-of-a-member-cluster\n';
  const token = 'mark-of-the-token-of-a-member-cluster';
  await platform.write(PATHS.clusters, {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: CLUSTER },
    spec: {
      provider: 'kubesphere',
      connection: { type: 'proxy', kubeconfig: base64(kubeconfig), token },
    },
  });

  const others = [
    ...forms('kubeconfig of a member cluster', 'mark-of-the-kubeconfig-of-a-member-cluster'),
    ...forms('token of a member cluster', token),
  ];

  for (const namespace of SYSTEM) {
    for (const [resource, field] of [
      ['secrets', 'stringData'],
      ['configmaps', 'data'],
    ] as const) {
      const mark = `mark-of-${resource}-in-${namespace}`;
      const metadata = { name: VICTIM, labels: { 'kubesphere.io/mark': 'yes' } };
      await platform.write(`/api/v1/namespaces/${namespace}/${resource}`, {
        metadata,
        [field]: { mark },
      });

      others.push(...forms(`${resource} of ${namespace}`, mark));
    }
  }

  for (const name of ['admin', VICTIM]) {
    const config = parse(await platform.kubeconfig(name));
    const key: string = config.users[0].user['client-key-data'];

    // Some of the key, which a line break of YAML does not split.
    others.push([key.slice(60, 110), `kubeconfig of ${name}`]);
  }

  return { hidden, all: new Map([...hidden, ...others]) };
}

/** Returns the marks that an answer contains. */
export function marksIn(text: string, marks: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();

  for (const [form, what] of marks) {
    if (text.includes(form)) {
      found.add(what);
    }
  }

  return [...found];
}
