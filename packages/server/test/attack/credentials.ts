import { PASSWORD, PATHS } from '../support/test-platform.ts';
import { type Attack, type Attacks, MERGE } from './attack.ts';

const { iam, iamObjects, requests, kubeconfigs } = PATHS;
const GLOBAL_ROLE = 'iam.kubesphere.io/globalrole';
const IAM = 'iam.kubesphere.io/v1alpha2';

const GONE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  name: 'gone',
  uid: '00000000-0000-4000-8000-000000000000',
};

/** Users: their global role, and the accounts of users with more rights. */
export const users: Attacks = ({ platform, attacker, other, root }) => {
  const roleOf = (name: string): Attack => {
    const annotations = { [GLOBAL_ROLE]: 'platform-admin' };

    return {
      name: 'get a global role by the annotation of a user',
      target: name === attacker.name ? 'self' : 'other user',
      kapis: [
        {
          method: 'PUT',
          path: `${iam}/users/${name}`,
          body: {
            apiVersion: IAM,
            kind: 'User',
            metadata: { name, annotations, resourceVersion: '{resourceVersion}' },
            spec: { email: `${name}@example.com` },
          },
        },
      ],
      changes: {
        path: `${iamObjects}/users/${name}`,
        apiVersion: IAM,
        kind: 'User',
        change: { metadata: { annotations } },
      },
    };
  };

  /**
   * Describes damage to the account of the user with all rights, which is then repaired for the
   * next attack.
   */
  const findDamage = async () => {
    const path = `${iamObjects}/users/${root}`;
    const { status, json } = await platform.call(path);
    if (status !== 200 || json.metadata.deletionTimestamp) {
      return 'the account of an administrator is deleted';
    }

    const { state } = json.status ?? {};
    const { email } = json.spec;
    const login = await platform.server.login(root, PASSWORD);
    if (state === 'Active' && email === `${root}@example.com` && login.status === 200) {
      return undefined;
    }

    const body = {
      spec: { email: `${root}@example.com`, password: PASSWORD },
      status: { state: 'Active' },
    };

    await platform.call(path, { method: 'PATCH', headers: MERGE, body });

    return `the account of an administrator: ${state}, ${email}, log-in answers ${login.status}`;
  };

  const account = (
    name: string,
    change: Record<string, unknown>,
    kapis?: Attack['kapis'],
  ): Attack => ({
    name,
    target: 'other user',
    ...(kapis && { kapis }),
    changes: { path: `${iamObjects}/users/${root}`, apiVersion: IAM, kind: 'User', change },
    never: true,
    broken: findDamage,
  });

  const body = {
    apiVersion: IAM,
    kind: 'User',
    metadata: { name: root, resourceVersion: '{resourceVersion}' },
    spec: { email: 'evil@example.com' },
  };

  return [
    roleOf(attacker.name),
    roleOf(other),
    {
      name: 'create a user with a global role',
      target: 'other user',
      kapis: [
        {
          method: 'POST',
          path: `${iam}/users`,
          body: {
            metadata: {
              name: `${attacker.name}-made`,
              annotations: { [GLOBAL_ROLE]: 'platform-admin' },
            },
            spec: { email: `${attacker.name}-made@example.com`, password: PASSWORD },
          },
        },
      ],
      never: true,
    },
    account("set an administrator's password", { spec: { password: 'Taken-0ver' } }, [
      { method: 'PUT', path: `${iam}/users/${root}/password`, body: { password: 'Taken-0ver' } },
    ]),
    account("take an administrator's e-mail", { spec: { email: 'evil@example.com' } }, [
      { method: 'PUT', path: `${iam}/users/${root}`, body },
    ]),
    account('disable an administrator', { status: { state: 'Disabled' } }),
    account('let the garbage collector delete an administrator', {
      metadata: { ownerReferences: [GONE] },
    }),
    {
      name: 'delete an administrator',
      target: 'other user',
      kapis: [{ method: 'DELETE', path: `${iam}/users/${root}` }],
      calls: [
        { method: 'DELETE', path: `${iamObjects}/users/${root}` },
        { method: 'DELETE', path: `${iamObjects}/users?fieldSelector=metadata.name%3D${root}` },
      ],
      never: true,
      broken: findDamage,
    },
    {
      name: "link an administrator to the attacker's account at an identity provider",
      target: 'other user',
      changes: {
        path: `${iamObjects}/users/${root}`,
        apiVersion: IAM,
        kind: 'User',
        change: {
          metadata: {
            labels: {
              'iam.kubesphere.io/identify-provider': 'x',
              'iam.kubesphere.io/origin-uid': 'mine',
            },
          },
        },
      },
      never: true,
    },
  ];
};

/** Certificates and tokens of other users, and Pods that run with them. */
export const certificates: Attacks = ({
  platform,
  tenants: { other },
  attacker,
  root,
  signingRequest,
}) => {
  const name = `${attacker.name}-csr`;

  const request = (labels?: object) => ({
    collection: requests,
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    body: {
      metadata: { name, ...(labels && { labels }) },
      spec: {
        request: signingRequest,
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    },
  });

  const findCertificate = async () => {
    const { json } = await platform.call(`${requests}/${name}`);
    return json?.status?.certificate ? 'a certificate was signed' : undefined;
  };

  const pod = {
    metadata: { name: `${attacker.name}-pod` },
    spec: { containers: [{ name: 'x', image: 'x' }] },
  };

  const approved = {
    conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'x' }],
  };

  const system = (called: string, calls: Attack['calls']): Attack => ({
    name: called,
    target: 'system namespaces',
    calls: calls!,
    never: true,
  });

  return [
    {
      name: 'ask for a certificate that the server signs by a label',
      target: 'other user',
      creates: request({ 'kubesphere.io/username': root }),
      broken: findCertificate,
    },
    { name: 'ask for a certificate', target: 'self', creates: request(), broken: findCertificate },
    {
      name: 'approve a certificate',
      target: 'other user',
      calls: [
        {
          method: 'PATCH',
          path: `${requests}/planted/approval`,
          headers: MERGE,
          body: { status: approved },
        },
        {
          method: 'PATCH',
          path: `${requests}/planted/status`,
          headers: MERGE,
          body: { status: { certificate: 'eA==' } },
        },
      ],
      never: true,
    },
    system('take a token of a ServiceAccount that may do everything', [
      {
        method: 'POST',
        path: '/api/v1/namespaces/kubesphere-controls-system/serviceaccounts/kubesphere-cluster-admin/token',
        body: {},
      },
      {
        method: 'POST',
        path: '/api/v1/namespaces/kubesphere-system/serviceaccounts/kubesphere/token',
        body: {},
      },
    ]),
    system('have such a token made in a Secret', [
      {
        method: 'POST',
        path: '/api/v1/namespaces/kubesphere-controls-system/secrets',
        body: {
          metadata: {
            name: `${attacker.name}-token`,
            annotations: { 'kubernetes.io/service-account.name': 'kubesphere-cluster-admin' },
          },
          type: 'kubernetes.io/service-account-token',
        },
      },
    ]),
    system('run a container with such a ServiceAccount', [
      {
        method: 'POST',
        path: '/api/v1/namespaces/kubesphere-controls-system/pods',
        body: { ...pod, spec: { ...pod.spec, serviceAccountName: 'kubesphere-cluster-admin' } },
      },
      {
        method: 'POST',
        path: '/apis/batch/v1/namespaces/kube-system/jobs',
        body: {
          metadata: pod.metadata,
          spec: { template: { spec: { ...pod.spec, restartPolicy: 'Never' } } },
        },
      },
    ]),
    system('change the kubeconfig of the administrator', [
      {
        method: 'PATCH',
        path: `${kubeconfigs}/kubeconfig-admin`,
        headers: MERGE,
        body: { data: { config: 'mine' } },
      },
      { method: 'DELETE', path: `${kubeconfigs}/nosuch` },
    ]),
    {
      name: "take a token of another tenant's ServiceAccount",
      target: 'another tenant',
      calls: [
        {
          method: 'POST',
          path: `/api/v1/namespaces/${other.namespace}/serviceaccounts/default/token`,
          body: {},
        },
      ],
    },
  ];
};

/** Annotations of ServiceAccounts from which a controller creates role bindings. */
export const serviceAccounts: Attacks = ({ platform, tenants: { own, other }, attacker }) => {
  const annotations = { 'iam.kubesphere.io/role': 'admin' };
  const name = `${attacker.name}-account`;

  const inNamespace = (namespace: string, target: Attack['target'], never?: true): Attack => {
    const at = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const bindings = `${PATHS.rbac}/namespaces/${namespace}/rolebindings`;

    /** A caller who may create such a binding may also have it created. */
    const findBinding = async () => {
      const { json } = await platform.call(bindings);

      const made = (json.items as { subjects?: { kind: string; name: string }[] }[]).some(
        ({ subjects }) =>
          subjects?.some(
            (subject) =>
              subject.kind === 'ServiceAccount' && [name, 'default'].includes(subject.name),
          ),
      );

      if (!made) {
        return undefined;
      }

      const body = {
        metadata: { name: `${name}-by-hand` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'admin' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      };

      const { status } = await platform.server.call(`${bindings}?dryRun=All`, {
        token: attacker.token,
        body,
      });

      return status < 300 ? undefined : `a ServiceAccount of ${namespace} is its admin`;
    };

    return {
      name: `have a ServiceAccount of ${target === 'self' ? 'the own project' : namespace} made its admin`,
      target,
      creates: {
        collection: at,
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        body: { metadata: { name, annotations } },
      },
      changes: {
        path: `${at}/default`,
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        builtIn: true,
        change: { metadata: { annotations } },
      },
      broken: findBinding,
      ...(never && { never }),
    };
  };

  return [
    inNamespace(own.namespace, 'self'),
    inNamespace(other.namespace, 'another tenant'),
    inNamespace('kubesphere-controls-system', 'system namespaces', true),
  ];
};
