import { changes, creations, path } from '../objects.mjs';

let counter = 0;
const named = (spec, name = `s${counter++}`) => ({ metadata: { name }, spec });
const service = (spec = {}) => named({ ports: [{ port: 80 }], selector: { a: 'b' }, ...spec });
const ingress = (spec = {}) => named({ rules: [rule()], ...spec });
const backend = { service: { name: 'x', port: { number: 80 } } };

const rule = (item = {}, rest = {}) => ({
  http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...item }] },
  ...rest,
});

const policy = (spec = {}) => named({ podSelector: {}, ...spec });

export default [
  creations('services: defaults and refusals', 'services', [
    service(),
    service({ type: 'NodePort' }),
    service({ type: 'LoadBalancer' }),
    service({ type: 'ExternalName', externalName: 'a.b', ports: undefined }),
    service({ clusterIP: 'None' }),
    service({ clusterIP: 'None', ports: undefined }),
    service({ ports: [] }),
    service({ ports: [{}] }),
    service({ ports: [{ port: 70000 }] }),
    service({ ports: [{ port: 80, protocol: 'X' }] }),
    service({ ports: [{ port: 80, targetPort: 0 }] }),
    service({ ports: [{ port: 80, targetPort: 'Bad_Name' }] }),
    service({ ports: [{ port: 80, targetPort: 'http' }] }),
    service({ ports: [{ port: 80 }, { port: 81 }] }),
    service({
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 },
      ],
    }),
    service({
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    }),
    service({
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80, protocol: 'UDP' },
      ],
    }),
    service({ ports: [{ name: 'A_b', port: 80, appProtocol: 'a b' }] }),
    service({ type: 'X' }),
    service({ type: 'ExternalName' }),
    service({ type: 'ExternalName', externalName: 'A_b' }),
    service({ type: 'ExternalName', externalName: 'a.b', clusterIP: '10.96.0.77' }),
    service({ type: 'LoadBalancer', clusterIP: 'None' }),
    service({ type: 'NodePort', clusterIP: 'None' }),
    service({ ports: [{ port: 80, nodePort: 30500 }] }),
    service({ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
    service({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80, nodePort: 31500 },
        { name: 'b', port: 81, nodePort: 31500 },
      ],
    }),
    service({ clusterIP: 'x' }),
    service({ clusterIP: '1.2.3.4' }),
    service({ clusterIP: '10.96.0.1' }),
    service({ clusterIPs: ['10.96.7.7'] }),
    service({ clusterIP: '10.96.7.8', clusterIPs: ['10.96.7.9'] }),
    service({ sessionAffinity: 'X' }),
    service({ sessionAffinity: 'ClientIP' }),
    service({
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 100000 } },
    }),
    service({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }),
    service({ externalIPs: ['x', '127.0.0.1', '0.0.0.0', '169.254.1.1', '1.2.3.4'] }),
    service({ externalIPs: ['1.2.3.4'] }),
    service({ externalTrafficPolicy: 'Local' }),
    service({ type: 'NodePort', externalTrafficPolicy: 'X' }),
    service({ internalTrafficPolicy: 'X' }),
    service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    service({ healthCheckNodePort: 31000 }),
    service({ loadBalancerSourceRanges: ['1.2.3.0/24'] }),
    service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['x', '1.2.3.4/24'] }),
    service({ loadBalancerClass: 'a/b' }),
    service({ type: 'LoadBalancer', loadBalancerClass: 'a b' }),
    service({ allocateLoadBalancerNodePorts: true }),
    service({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
    service({ type: 'LoadBalancer', loadBalancerIP: '1.2.3.4' }),
    service({ trafficDistribution: 'X' }),
    service({ trafficDistribution: 'PreferClose' }),
    service({ ipFamilies: ['IPv6'] }),
    service({ ipFamilies: ['IPv5'] }),
    service({ ipFamilyPolicy: 'X' }),
    service({ ipFamilyPolicy: 'RequireDualStack' }),
    service({ ipFamilyPolicy: 'PreferDualStack' }),
    service({ selector: { 'a b': 'c d' } }),
    service({ selector: undefined, publishNotReadyAddresses: true }),
    named(service().spec, '1abc'),
    named(service().spec, 'a.b'),
    named(service().spec, 'UPPER'),
  ]),
  changes(
    'services: permitted changes',
    'services',
    { ...service(), metadata: { name: 'change' } },
    [
      (s) => {
        s.spec.ports[0].port = 81;
      },
      (s) => {
        s.spec.clusterIP = '10.96.9.9';
      },
      (s) => {
        s.spec.clusterIP = '10.96.9.9';
        s.spec.clusterIPs = ['10.96.9.9'];
      },
      (s) => {
        s.spec.clusterIP = 'None';
        s.spec.clusterIPs = ['None'];
      },
      (s) => {
        s.spec.clusterIP = '';
        delete s.spec.clusterIPs;
      },
      (s) => {
        s.spec.type = 'NodePort';
      },
      (s) => {
        s.spec.ports[0].port = 82;
      },
      (s) => {
        s.spec.type = 'LoadBalancer';
      },
      (s) => {
        s.spec.externalTrafficPolicy = 'Local';
      },
      (s) => {
        s.spec.healthCheckNodePort = 31999;
      },
      (s) => {
        s.spec.type = 'ClusterIP';
      },
      (s) => {
        s.spec.type = 'ClusterIP';
        delete s.spec.externalTrafficPolicy;
        delete s.spec.allocateLoadBalancerNodePorts;
        delete s.spec.healthCheckNodePort;

        for (const p of s.spec.ports) {
          delete p.nodePort;
        }
      },
      (s) => {
        s.spec.type = 'ExternalName';
        s.spec.externalName = 'a.b';
      },
      (s) => {
        s.spec.type = 'ExternalName';
        s.spec.externalName = 'a.b';
        s.spec.clusterIP = '';
        delete s.spec.clusterIPs;
      },
      (s) => {
        s.spec.type = 'ClusterIP';
        delete s.spec.externalName;
      },
      (s) => {
        s.spec.ipFamilies = ['IPv6'];
      },
    ],
  ),
  {
    name: 'services: status',
    run: async (api) => {
      const at = `${path(api, 'services')}/st`;

      await api.post(path(api, 'services'), {
        ...service({ type: 'LoadBalancer' }),
        metadata: { name: 'st' },
      });

      await api.patch(
        `${at}/status`,
        { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } },
        'merge',
      );

      await api.patch(
        `${at}/status`,
        { status: { loadBalancer: { ingress: [{ ip: 'x', hostname: 'A_b' }] } } },
        'merge',
      );

      await api.patch(
        `${at}/status`,
        { status: { loadBalancer: { ingress: [{ hostname: '1.2.3.4' }] } } },
        'merge',
      );

      await api.patch(
        `${at}/status`,
        { status: { loadBalancer: { ingress: [{ hostname: 'a.b', ipMode: 'VIP' }] } } },
        'merge',
      );

      await api.delete(at);
    },
  },
  creations('endpoints: refusals', 'endpoints', [
    { metadata: { name: 'a' } },
    { metadata: { name: 'b' }, subsets: [{}] },
    {
      metadata: { name: 'c' },
      subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80 }] }],
    },
    {
      metadata: { name: 'd' },
      subsets: [
        {
          addresses: [
            { ip: 'x' },
            { ip: '127.0.0.1' },
            { ip: '1.2.3.4', hostname: 'A_b', nodeName: 'C_d' },
          ],
          ports: [{}, { port: 80, protocol: 'X' }],
        },
      ],
    },
  ]),
  creations('endpoint slices: refusals', 'endpointslices', [
    {},
    { metadata: { name: 'a' }, addressType: 'IPv4', endpoints: [] },
    { metadata: { name: 'b' }, addressType: 'X', endpoints: [] },
    { metadata: { name: 'c' }, addressType: 'IPv4', endpoints: [{ addresses: [] }] },
    {
      metadata: { name: 'd' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['x', '::1', '127.0.0.1', '1.2.3.4'] }],
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 81, protocol: 'X' },
      ],
    },
    { metadata: { name: 'e' }, addressType: 'FQDN', endpoints: [{ addresses: ['x', 'A_b'] }] },
    {
      metadata: { name: 'f' },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['1.2.3.4'],
          hostname: 'A_b',
          nodeName: 'C_d',
          hints: { forZones: [{ name: 'a b' }] },
        },
      ],
      ports: [{ port: 80 }],
    },
    {
      metadata: { name: 'g' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4'], conditions: { ready: true } }],
      ports: [{ port: 80, name: '' }],
    },
  ]),
  changes(
    'endpoint slices: permitted changes',
    'endpointslices',
    { metadata: { name: 'change' }, addressType: 'IPv4', endpoints: [] },
    [
      (s) => {
        s.addressType = 'IPv6';
      },
      (s) => {
        s.endpoints = [{ addresses: ['1.2.3.4'] }];
      },
    ],
  ),
  creations('ingresses: refusals', 'ingresses', [
    ingress(),
    {},
    named({}),
    ingress({ rules: [], defaultBackend: backend }),
    ingress({ defaultBackend: {} }),
    ingress({ rules: [{ host: 'A_b', http: { paths: [] } }] }),
    ingress({
      rules: [rule({}, { host: '*.a.b' }), rule({}, { host: '*' }), rule({}, { host: '1.2.3.4' })],
    }),
    ingress({ rules: [rule({ pathType: undefined })] }),
    ingress({ rules: [rule({ pathType: 'X' })] }),
    ingress({ rules: [rule({ path: 'x' })] }),
    ingress({ rules: [rule({ path: '/a//b/../c%2f/.' })] }),
    ingress({ rules: [rule({ path: 'x', pathType: 'ImplementationSpecific' })] }),
    ingress({ rules: [rule({ path: '', pathType: 'ImplementationSpecific' })] }),
    ingress({ rules: [rule({ backend: {} })] }),
    ingress({ rules: [rule({ backend: { service: { name: '' } } })] }),
    ingress({ rules: [rule({ backend: { service: { name: 'A_b', port: { name: 'Bad_x' } } } })] }),
    ingress({
      rules: [rule({ backend: { service: { name: 'x', port: { name: 'a', number: 1 } } } })],
    }),
    ingress({ rules: [rule({ backend: { service: { name: 'x', port: { number: 70000 } } } })] }),
    ingress({ rules: [rule({ backend: { resource: { kind: '', name: '' } } })] }),
    ingress({
      rules: [rule({ backend: { resource: { kind: 'a', name: 'b', apiGroup: 'c.d' } } })],
    }),
    ingress({ rules: [rule({ backend: { ...backend, resource: { kind: 'a', name: 'b' } } })] }),
    ingress({ tls: [{ hosts: ['A_b', '*.x', '*'], secretName: 'A_b' }] }),
    ingress({ tls: [{}] }),
    ingress({ ingressClassName: 'A_b' }),
    {
      metadata: { name: 'class', annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: ingress({ ingressClassName: 'b' }).spec,
    },
    {
      metadata: { name: 'class2', annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: ingress().spec,
    },
  ]),
  creations('ingress classes: refusals', 'ingressclasses', [
    named({ controller: 'a.b/c' }, 'diff-ic'),
    {},
    named({ controller: '' }, 'diff-ic'),
    named({ controller: 'x' }, 'diff-ic'),
    named({ controller: 'A_b/c d' }, 'diff-ic'),
    named({ controller: 'a.b/c', parameters: {} }, 'diff-ic'),
    named({ controller: 'a.b/c', parameters: { kind: 'a', name: 'b', scope: 'X' } }, 'diff-ic'),
    named(
      { controller: 'a.b/c', parameters: { kind: 'a', name: 'b', scope: 'Namespace' } },
      'diff-ic',
    ),
    named({ controller: 'a.b/c', parameters: { kind: 'a', name: 'b', namespace: 'x' } }, 'diff-ic'),
  ]),
  changes(
    'ingress classes: permitted changes',
    'ingressclasses',
    named({ controller: 'a.b/c' }, 'diff-ic-change'),
    [
      (c) => {
        c.spec.controller = 'a.b/d';
      },
      (c) => {
        c.metadata.annotations = { 'example.com/changed': 'true' };
      },
    ],
  ),
  creations('network policies: refusals', 'networkpolicies', [
    policy(),
    {},
    policy({ egress: [{}] }),
    policy({ podSelector: { matchLabels: { 'a b': 'c' } } }),
    policy({ policyTypes: ['X'] }),
    policy({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
    policy({ ingress: [{ from: [{}] }] }),
    policy({ ingress: [{ from: [{ ipBlock: {} }] }] }),
    policy({ ingress: [{ from: [{ ipBlock: { cidr: 'x' } }] }] }),
    policy({
      ingress: [
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8', '10.1.0.0/16', 'y'] } }] },
      ],
    }),
    policy({ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] }),
    policy({
      ingress: [
        {
          ports: [
            { port: 70000 },
            { port: 'Bad_x' },
            { port: 80, endPort: 70 },
            { port: 'a', endPort: 5 },
            { endPort: 5 },
            { protocol: 'X' },
          ],
        },
      ],
    }),
    policy({ ingress: [{ ports: [{ port: 80, endPort: 90 }] }] }),
  ]),
];
