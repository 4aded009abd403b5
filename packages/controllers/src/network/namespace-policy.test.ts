import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { isolationPolicy, nodeAddresses } from './isolation-policy.ts';
import { convertPolicy } from './namespace-policy.ts';
import type { PeerSources } from './policy-peers.ts';
import type { NamespacePolicy } from './policy-types.ts';

const WORKSPACES: Record<string, string | undefined> = {
  shop: 'ws-a',
  pay: 'ws-a',
  other: 'ws-b',
  'kube-system': undefined,
};

const SERVICES: Record<string, object> = {
  'pay/api': {
    selector: { app: 'api' },
    ports: [
      { port: 80, targetPort: 8080 },
      { port: 443, targetPort: 'https', protocol: 'TCP' },
    ],
  },
  'pay/outside': { ports: [{ port: 80 }] },
  'other/api': { selector: { app: 'secret' }, ports: [{ port: 80 }] },
  'kube-system/coredns': { selector: { app: 'dns' }, ports: [{ port: 53, protocol: 'UDP' }] },
};

const sources: PeerSources = {
  namespace: (name) =>
    name in WORKSPACES
      ? ({
          name,
          labels: {
            // One namespace of a cluster before 1.21.
            ...(name !== 'kube-system' && { 'kubernetes.io/metadata.name': name }),
            ...(WORKSPACES[name] && { 'kubesphere.io/workspace': WORKSPACES[name] }),
          },
        } as unknown as Entry)
      : undefined,
  service: (name, namespace) => {
    const spec = SERVICES[`${namespace}/${name}`];
    return spec && { metadata: { name, namespace }, spec };
  },
};

const policy = (spec: NamespacePolicy['spec']) =>
  ({ metadata: { name: 'x', namespace: 'shop' }, spec }) as NamespacePolicy;

const pay = { matchLabels: { 'kubernetes.io/metadata.name': 'pay' } };

test('peers become selectors: a namespace by its name, a service by its pods and their ports', () => {
  const { spec, problems } = convertPolicy(
    policy({
      ingress: [
        { from: [{ namespace: { name: 'pay' } }, { service: { name: 'api', namespace: 'pay' } }] },
      ],
      egress: [
        {
          ports: [{ port: 5432 }],
          to: [
            { service: { name: 'api', namespace: 'pay' } },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
        },
      ],
    }),
    sources,
  );

  const podSelector = { matchLabels: { app: 'api' } };

  assert.deepEqual(problems, []);
  assert.deepEqual(spec, {
    podSelector: {},
    policyTypes: ['Egress', 'Ingress'],
    ingress: [{ from: [{ namespaceSelector: pay }, { podSelector, namespaceSelector: pay }] }],
    egress: [
      {
        ports: [
          { protocol: 'TCP', port: 8080 },
          { protocol: 'TCP', port: 'https' },
        ],
        to: [{ podSelector, namespaceSelector: pay }],
      },
      {
        ports: [{ protocol: 'TCP', port: 5432 }],
        to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
      },
    ],
  });
});

test('a peer that cannot be resolved admits nobody, and is named', () => {
  for (const [peer, problem] of [
    [{ service: { name: 'gone', namespace: 'pay' } }, /pay\/gone does not exist/],
    [{ service: { name: 'outside', namespace: 'pay' } }, /selects no pods/],
    [{ service: { name: 'api', namespace: 'other' } }, /in no project of this workspace/],
    [{}, /none of namespace, service and ipBlock/],
  ] as const) {
    const { spec, problems } = convertPolicy(
      policy({ ingress: [{ from: [peer] }], egress: [{ to: [peer] }] }),
      sources,
    );

    assert.deepEqual([spec.ingress, spec.egress], [[], []], String(problem));
    assert.deepEqual(spec.policyTypes, ['Egress', 'Ingress']);
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', problem);
  }
});

test('a rule without peers holds for everybody, and policyTypes for rules that are not there', () => {
  assert.deepEqual(convertPolicy(policy({ ingress: [{ ports: [{ port: 80 }] }] }), sources).spec, {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ protocol: 'TCP', port: 80 }] }],
  });

  assert.deepEqual(convertPolicy(policy({ policyTypes: ['Egress'] }), sources).spec, {
    podSelector: {},
    policyTypes: ['Egress'],
  });
});

test('an isolated namespace admits itself, what is allowed and nodes, and reaches DNS', () => {
  const isolation = {
    namespace: 'shop',
    workspace: undefined,
    allowedNamespaces: ['kube-system'],
    nodeAddresses: nodeAddresses(['10.0.0.2; fd00::1', undefined, '10.0.0.1;nonsense;']),
    limitsEgress: true,
  };

  assert.deepEqual(isolationPolicy(isolation, sources), {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } },
          { namespaceSelector: { matchLabels: { 'kubesphere.io/namespace': 'kube-system' } } },
        ],
      },
      {
        from: [
          { ipBlock: { cidr: '10.0.0.1/32' } },
          { ipBlock: { cidr: '10.0.0.2/32' } },
          { ipBlock: { cidr: 'fd00::1/128' } },
        ],
      },
    ],
    egress: [
      {
        ports: [
          { protocol: 'TCP', port: 53 },
          { protocol: 'UDP', port: 53 },
        ],
        to: [{ ipBlock: { cidr: '169.254.25.10/32' } }],
      },
      {
        ports: [{ protocol: 'UDP', port: 53 }],
        to: [
          {
            podSelector: { matchLabels: { app: 'dns' } },
            namespaceSelector: { matchLabels: { 'kubesphere.io/namespace': 'kube-system' } },
          },
        ],
      },
    ],
  });

  assert.deepEqual(
    isolationPolicy({ ...isolation, workspace: 'ws-a', limitsEgress: false }, sources).ingress?.[0],
    {
      from: [
        { namespaceSelector: { matchLabels: { 'kubesphere.io/workspace': 'ws-a' } } },
        { namespaceSelector: { matchLabels: { 'kubesphere.io/namespace': 'kube-system' } } },
      ],
    },
  );
});
