// Kinds that configure the API: they are stored, some without any effect, and all are validated.

const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const bindings = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const flows = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
const levels = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
const services = '/apis/apiregistration.k8s.io/v1/apiservices';
const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
const networks = '/apis/networking.k8s.io/v1/servicecidrs';

/** Returns dry runs of objects at a path; each adds to a valid object. */
const dryRuns = (name, path, base, changes) => ({
  name,
  run: async (api) => {
    for (const change of changes) {
      const { metadata, ...spec } = change;
      const body = { metadata: { name: 'tried', ...metadata }, spec: { ...base, ...spec } };
      await api.post(`${path}?dryRun=All`, body);
    }
  },
});

const rule = { apiGroups: ['a'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['x'] };
const validations = (...list) => ({ validations: list });
const user = { kind: 'User', user: { name: 'u' } };
const resourceRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true };
const flow = (...rules) => ({ rules });
const queue = (queuing) => ({ limited: { limitResponse: { type: 'Queue', queuing } } });

export default [
  dryRuns(
    'admission policies',
    policies,
    { matchConstraints: { resourceRules: [rule] }, ...validations({ expression: 'true' }) },
    [
      {},
      { validations: [], failurePolicy: 'No', matchConstraints: {} },
      validations({
        expression:
          'object.spec.replicas > 1 && request.operation == "CREATE" && oldObject == null',
      }),
      validations({
        expression: "authorizer.group('').resource('pods').namespace('a').check('get').allowed()",
      }),
      validations({
        expression:
          "authorizer.path('/x').check('get').reason() == '' && namespaceObject.metadata.name == 'a'",
      }),
      validations({ expression: 'params.a == 1' }),
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        ...validations({ expression: 'params.data.a == "1"' }),
      },
      { paramKind: { apiVersion: 'a/b/c', kind: 'a b' } },
      {
        variables: [{ name: 'a', expression: 'object.spec' }],
        ...validations({ expression: 'variables.a == 1' }),
      },
      {
        variables: [
          { name: 'for', expression: '' },
          { name: 'x', expression: 'y' },
        ],
      },
      validations(
        { expression: '1 + 1' },
        { expression: '' },
        { expression: 'true', message: 'a\nb', reason: 'Unauthorized' },
      ),
      validations(
        { expression: 'true', messageExpression: '1' },
        { expression: 'nope', message: ' ' },
      ),
      {
        matchConditions: [
          { name: 'a b', expression: 'true' },
          { name: 'a', expression: 'x' },
        ],
      },
      {
        auditAnnotations: [
          { key: 'a', valueExpression: "'x'" },
          { key: 'a', valueExpression: '' },
          { key: 'b', valueExpression: '1' },
        ],
      },
      {
        matchConstraints: {
          resourceRules: [{ ...rule, resourceNames: ['a', 'a', 'b/c'], scope: '' }],
          matchPolicy: 'x',
        },
      },
    ],
  ),
  dryRuns('their bindings', bindings, { policyName: 'p', validationActions: ['Deny'] }, [
    {},
    { policyName: '', validationActions: [] },
    { policyName: 'P', validationActions: ['Deny', 'Warn', 'Deny', 'x'] },
    { paramRef: {} },
    { paramRef: { name: 'a/b', selector: {}, parameterNotFoundAction: 'x' } },
    { matchResources: { resourceRules: [{}], namespaceSelector: { matchExpressions: [{}] } } },
  ]),
  dryRuns('flows', flows, { priorityLevelConfiguration: { name: 'x' } }, [
    {},
    {
      priorityLevelConfiguration: { name: '' },
      matchingPrecedence: 1,
      distinguisherMethod: { type: 'x' },
    },
    { matchingPrecedence: 10_001 },
    flow({ subjects: [user], resourceRules: [resourceRule] }),
    flow(
      {},
      {
        subjects: [
          { kind: 'x' },
          { kind: 'User' },
          { ...user, group: { name: 'g' } },
          { kind: 'Group', group: {} },
        ],
      },
    ),
    flow({
      subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: '', namespace: 'A' } }],
      resourceRules: [{}],
    }),
    flow({
      subjects: [user],
      resourceRules: [{ ...resourceRule, verbs: ['*', 'get'], namespaces: ['A b', '*'] }],
    }),
    flow({
      subjects: [user],
      resourceRules: [{ ...resourceRule, verbs: ['fly'], namespaces: ['A b'] }],
    }),
    flow({
      subjects: [user],
      nonResourceRules: [
        { verbs: ['get'], nonResourceURLs: ['', 'a', '/a b', '//a', '/a*', '/a/*', '/'] },
      ],
    }),
  ]),
  dryRuns('priority levels', levels, { type: 'Limited' }, [
    {},
    { type: '' },
    { type: 'x' },
    { type: 'Exempt', limited: { limitResponse: { type: 'Reject' } } },
    { limited: {} },
    {
      limited: {
        limitResponse: { type: 'Reject', queuing: {} },
        nominalConcurrencyShares: -1,
        lendablePercent: 101,
      },
    },
    { limited: { limitResponse: { type: 'Queue' }, borrowingLimitPercent: -1 }, exempt: {} },
    queue({}),
    queue({ queues: 2, handSize: 3, queueLengthLimit: -1 }),
    queue({ queues: 10_000_001, handSize: 8 }),
    queue({ queues: 512, handSize: 8 }),
  ]),
  dryRuns(
    'APIs that others serve',
    services,
    {
      group: 'a.b',
      version: 'v1',
      groupPriorityMinimum: 1,
      versionPriority: 1,
      service: { name: 's', namespace: 'n' },
    },
    [
      { metadata: { name: 'v1.a.b' } },
      {},
      {
        metadata: { name: 'v1.a.b' },
        groupPriorityMinimum: 0,
        versionPriority: 1001,
        service: { port: 0 },
      },
      { metadata: { name: 'V.A' }, group: 'A', version: 'V' },
      {
        metadata: { name: 'v1.a.b' },
        service: undefined,
        caBundle: 'YQ==',
        insecureSkipTLSVerify: true,
      },
      { metadata: { name: 'v1.a.b' }, caBundle: 'YQ==', insecureSkipTLSVerify: true },
    ],
  ),
  dryRuns(
    'addresses',
    addresses,
    { parentRef: { resource: 'services', name: 'n', namespace: 'd' } },
    [
      { metadata: { name: '10.1.2.3' } },
      {
        metadata: { name: '10.1.2.03' },
        parentRef: { group: 'A', resource: 'a/b', name: '', namespace: '..' },
      },
      { metadata: { name: '10.1.2.3' }, parentRef: undefined },
    ],
  ),
  dryRuns('networks of services', networks, { cidrs: ['10.55.0.0/16'] }, [
    {},
    { cidrs: [] },
    { cidrs: ['10.55.0.0/16', 'fd00::/64'] },
    { cidrs: ['10.55.0.0/16', '10.56.0.0/16'] },
    { cidrs: ['10.55.0.1/16', 'x'] },
    { cidrs: ['10.55.0.0/16', 'fd00::/64', '10.56.0.0/16'] },
  ]),
];
