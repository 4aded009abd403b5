// Lists and gets: selectors, pages, versions, tables, metadata only, discovery.

const query = (parameters) => `?${new URLSearchParams(parameters)}`;

/** Creates four config maps, of two tiers and of none. */
async function fourMaps(api) {
  for (const [name, tier] of [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'db'],
    ['d', undefined],
  ]) {
    const labels = { set: 'yes', ...(tier && { tier }) };
    await api.quietly('POST', `${api.core}/configmaps`, {
      body: { metadata: { name, labels }, data: { name } },
    });
  }
}

const container = { name: 'c', image: 'x' };

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const partial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const partialList = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

/**
 * Objects of built-in kinds whose tables are compared: path of the list under /api or /apis, body.
 */
const tableObjects = (ns) => [
  [
    `/api/v1/namespaces/${ns}/pods`,
    { metadata: { name: 'p' }, spec: { containers: [container], nodeSelector: { no: 'where' } } },
  ],
  [
    `/api/v1/namespaces/${ns}/services`,
    {
      metadata: { name: 's' },
      spec: {
        ports: [{ port: 80 }, { port: 53, protocol: 'UDP', name: 'dns' }].map((port, i) => ({
          name: `p${i}`,
          ...port,
        })),
        selector: { a: 'b' },
      },
    },
  ],
  [
    `/api/v1/namespaces/${ns}/services`,
    { metadata: { name: 'np' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
  ],
  [
    `/api/v1/namespaces/${ns}/services`,
    { metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } },
  ],
  [
    `/api/v1/namespaces/${ns}/services`,
    { metadata: { name: 'en' }, spec: { type: 'ExternalName', externalName: 'example.com' } },
  ],
  [
    `/api/v1/namespaces/${ns}/services`,
    { metadata: { name: 'hl' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
  ],
  [`/api/v1/namespaces/${ns}/secrets`, { metadata: { name: 's' }, stringData: { a: 'b', c: 'd' } }],
  [
    `/api/v1/namespaces/${ns}/endpoints`,
    {
      metadata: { name: 'e' },
      subsets: [{ addresses: [{ ip: '1.2.3.4' }, { ip: '1.2.3.5' }], ports: [{ port: 80 }] }],
    },
  ],
  [
    `/api/v1/namespaces/${ns}/persistentvolumeclaims`,
    {
      metadata: { name: 'c' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none',
        resources: { requests: { storage: '1Gi' } },
      },
    },
  ],
  [
    `/api/v1/namespaces/${ns}/limitranges`,
    {
      metadata: { name: 'l' },
      spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '5Gi' } }] },
    },
  ],
  [
    `/api/v1/namespaces/${ns}/resourcequotas`,
    { metadata: { name: 'q' }, spec: { hard: { 'count/widgets.example.com': '3' } } },
  ],
  [
    `/api/v1/namespaces/${ns}/replicationcontrollers`,
    {
      metadata: { name: 'rc' },
      spec: {
        replicas: 0,
        selector: { a: 'b' },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } },
      },
    },
  ],
  [
    `/api/v1/namespaces/${ns}/podtemplates`,
    {
      metadata: { name: 't' },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } },
    },
  ],
  [`/api/v1/namespaces/${ns}/serviceaccounts`, { metadata: { name: 'sa' } }],
  [
    `/apis/apps/v1/namespaces/${ns}/controllerrevisions`,
    { metadata: { name: 'cr' }, data: { a: 1 }, revision: 3 },
  ],
  [
    `/apis/batch/v1/namespaces/${ns}/cronjobs`,
    {
      metadata: { name: 'cj' },
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
        },
      },
    },
  ],
  [
    `/apis/networking.k8s.io/v1/namespaces/${ns}/ingresses`,
    {
      metadata: { name: 'i' },
      spec: {
        ingressClassName: 'x',
        tls: [{ hosts: ['h'] }],
        rules: [
          {
            host: 'h',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 's', port: { number: 80 } } },
                },
              ],
            },
          },
          { host: 'g' },
        ],
      },
    },
  ],
  [
    `/apis/networking.k8s.io/v1/namespaces/${ns}/networkpolicies`,
    { metadata: { name: 'n' }, spec: { podSelector: { matchLabels: { a: 'b' } } } },
  ],
  [
    `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`,
    {
      metadata: { name: 'pdb' },
      spec: { minAvailable: '50%', selector: { matchLabels: { no: 'pods' } } },
    },
  ],
  [
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles`,
    { metadata: { name: 'r' }, rules: [] },
  ],
  [
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings`,
    {
      metadata: { name: 'rb' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 'sa', namespace: ns },
      ],
    },
  ],
  [
    `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases`,
    { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } },
  ],
  [
    `/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices`,
    {
      metadata: { name: 'es' },
      addressType: 'IPv4',
      ports: [{ port: 80, name: '' }],
      endpoints: [{ addresses: ['1.2.3.4'] }],
    },
  ],
  [
    `/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers`,
    {
      metadata: { name: 'h' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    },
  ],
];

/**
 * The same for cluster-scoped kinds, whose names begin with the namespace's so that they can be
 * found.
 */
const clusterTableObjects = (ns) => [
  [
    '/apis/storage.k8s.io/v1/storageclasses',
    {
      metadata: { name: `${ns}-sc` },
      provisioner: 'example.com/p',
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    },
  ],
  [
    '/api/v1/persistentvolumes',
    {
      metadata: { name: `${ns}-pv` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'x',
        hostPath: { path: '/x' },
      },
    },
  ],
  [
    '/api/v1/nodes',
    {
      metadata: { name: `${ns}-node`, labels: { 'node-role.kubernetes.io/worker': '' } },
      spec: { unschedulable: true },
    },
  ],
  ['/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: `${ns}-pc` }, value: 7 }],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    { metadata: { name: `${ns}-cr` }, rules: [] },
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    {
      metadata: { name: `${ns}-crb` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ],
  [
    '/apis/networking.k8s.io/v1/ingressclasses',
    { metadata: { name: `${ns}-ic` }, spec: { controller: 'example.com/c' } },
  ],
  ['/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: `${ns}-rc` }, handler: 'h' }],
  [
    '/apis/storage.k8s.io/v1/csidrivers',
    { metadata: { name: `${ns}.csi` }, spec: { attachRequired: true } },
  ],
  [
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    { metadata: { name: `${ns}-vw` }, webhooks: [] },
  ],
  [
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    { metadata: { name: `${ns}-mw` }, webhooks: [] },
  ],
  [
    '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    {
      metadata: { name: `${ns}-pl` },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    },
  ],
];

/** Returns one scenario per kind: the object, its list as a table, and the same by kubectl. */
function tableScenario(build, index) {
  const [path] = build('ns')[index];
  const kind = path.split('/').at(-1);

  return {
    name: `table of ${kind} ${index}`,
    run: async (api) => {
      const [list, body] = build(api.namespace)[index];
      const { body: made } = await api.post(list, body);
      const wanted = query({ fieldSelector: `metadata.name=${made.metadata?.name}` });

      // Only columns of the server's own: controllers of the real one may already be changing the
      // object.
      await api.get(list + wanted, { accept: table });

      if (index % 3 === 0) {
        await api.get(`${list}${wanted}&includeObject=None`, { accept: table });
      }

      await api.delete(`${list}/${made.metadata?.name}`, { gracePeriodSeconds: 0 });
    },
  };
}

export default [
  {
    name: 'label selectors',
    run: async (api) => {
      await fourMaps(api);

      for (const labelSelector of [
        'tier=web',
        'tier==db',
        'tier!=web',
        'tier in (web,db)',
        'tier notin (db)',
        'tier',
        '!tier',
        'tier in (web),set',
        'set=yes,tier!=db',
        'tier=',
        'a=b=c',
        'tier in web',
        'x y',
        '-a=b',
        'tier in ()',
        'tier>1',
        'tier>x',
        'tier in (web',
        'a.b/c/d=e',
        ',',
        'set=yes,',
        `${'x'.repeat(64)}=y`,
        `x=${'y'.repeat(64)}`,
        'tier in (web,,db)',
        '! tier',
      ]) {
        await api.get(`${api.core}/configmaps${query({ labelSelector })}`);
      }
    },
  },
  {
    name: 'field selectors',
    run: async (api) => {
      await fourMaps(api);

      for (const fieldSelector of [
        'metadata.name=a',
        'metadata.name!=a,metadata.name!=kube-root-ca.crt',
        `metadata.namespace=${api.namespace},metadata.name=b`,
        'metadata.namespace=other',
        'data.name=a',
        'metadata.labels=x',
        'metadata.name',
        'metadata.name==a',
        'metadata.name=',
        'metadata.name=a\\,b',
        'metadata.name>a',
      ]) {
        await api.get(`${api.core}/configmaps${query({ fieldSelector })}`);
      }
    },
  },
  {
    name: 'field selectors of the kinds that have their own',
    run: async (api) => {
      for (const [path, fieldSelector] of [
        [`${api.core}/pods`, 'spec.nodeName=n'],
        [`${api.core}/pods`, 'status.phase!=Running,spec.restartPolicy=Always'],
        [
          `${api.core}/pods`,
          'status.podIP=1.2.3.4,spec.schedulerName=x,spec.serviceAccountName=default,spec.hostNetwork=true',
        ],
        [`${api.core}/pods`, 'status.nominatedNodeName=x,status.podIPs=x'],
        [`${api.core}/pods`, 'spec.containers=x'],
        [
          `${api.core}/events`,
          'involvedObject.kind=Pod,involvedObject.name=x,involvedObject.uid=y,involvedObject.namespace=z',
        ],
        [
          `${api.core}/events`,
          'reason=x,type=Normal,source=y,reportingComponent=z,involvedObject.fieldPath=a',
        ],
        [`${api.core}/events`, 'message=x'],
        [`${api.core}/secrets`, 'type=Opaque'],
        [`${api.core}/secrets`, 'data=Opaque'],
        [`${api.core}/services`, 'spec.type=ClusterIP,spec.clusterIP=None'],
        [`${api.core}/replicationcontrollers`, 'status.replicas=0'],
        [`${api.group('apps/v1')}/replicasets`, 'status.replicas=0'],
        [`${api.group('apps/v1')}/deployments`, 'status.replicas=0'],
        [`${api.group('batch/v1')}/jobs`, 'status.successful=0'],
        ['/api/v1/namespaces', 'status.phase=Terminating,metadata.name=none'],
        ['/api/v1/nodes', 'spec.unschedulable=true'],
        ['/api/v1/persistentvolumes', 'status.phase=x'],
        ['/apis/certificates.k8s.io/v1/certificatesigningrequests', 'spec.signerName=x'],
        [
          `${api.group('events.k8s.io/v1')}/events`,
          'regarding.kind=Pod,reason=x,reportingController=y',
        ],
      ]) {
        await api.get(path + query({ fieldSelector }));
      }
    },
  },
  {
    name: 'field selectors find',
    run: async (api) => {
      const pod = (name, spec) => ({
        metadata: { name },
        spec: { containers: [container], nodeSelector: { no: 'where' }, ...spec },
      });

      await api.quietly('POST', `${api.core}/pods`, { body: pod('a', { restartPolicy: 'Never' }) });
      await api.quietly('POST', `${api.core}/pods`, { body: pod('b', { nodeName: 'none' }) });
      await api.quietly('POST', `${api.core}/secrets`, { body: { metadata: { name: 'o' } } });

      for (const [resource, fieldSelector] of [
        ['pods', 'spec.restartPolicy=Never'],
        ['pods', 'spec.nodeName='],
        ['pods', 'status.phase=Pending,metadata.name=a'],
        ['secrets', 'type!=Opaque'],
      ]) {
        const { body } = await api.quietly(
          'GET',
          `${api.core}/${resource}${query({ fieldSelector })}`,
        );

        await api.call('GET', `${api.core}/${resource}${query({ fieldSelector, limit: 0 })}`, {
          headers: { accept: partialList },
        });

        if (!body.items) {
          throw new Error(JSON.stringify(body));
        }
      }
    },
  },
  {
    name: 'pages',
    run: async (api) => {
      await fourMaps(api);

      const list = `${api.core}/configmaps`;
      const first = await api.get(`${list}?limit=2`);

      await api.quietly('DELETE', `${list}/d`);
      await api.quietly('POST', list, { body: { metadata: { name: 'e' } } });

      const token = encodeURIComponent(first.body.metadata.continue);
      const second = await api.get(`${list}?limit=2&continue=${token}`);

      await api.get(
        `${list}?limit=9&continue=${encodeURIComponent(second.body.metadata.continue)}`,
      );
      await api.get(`${list}?limit=2&labelSelector=set%3Dyes`);

      for (const bad of [
        'limit=x',
        'limit=-1',
        'continue=x',
        'limit=2&continue=e30',
        `continue=${token}&resourceVersion=5`,
      ]) {
        await api.get(`${list}?${bad}`);
      }
    },
  },
  {
    name: 'resource versions of lists and gets',
    run: async (api) => {
      await fourMaps(api);

      const list = `${api.core}/configmaps`;
      const { body } = await api.get(list);
      const version = body.metadata.resourceVersion;
      for (const parameters of [
        { resourceVersion: '0' },
        { resourceVersion: version },
        { resourceVersion: version, resourceVersionMatch: 'Exact' },
        { resourceVersion: version, resourceVersionMatch: 'NotOlderThan' },
        { resourceVersionMatch: 'Exact' },
        { resourceVersion: '0', resourceVersionMatch: 'Exact' },
        { resourceVersion: version, resourceVersionMatch: 'Sometimes' },
        { resourceVersion: 'x' },
        { resourceVersion: '-1' },
      ]) {
        await api.get(list + query(parameters));
      }

      await api.quietly('PUT', `${list}/a`, {
        body: { metadata: { name: 'a' }, data: { name: 'later' } },
      });

      await api.get(
        list +
          query({
            resourceVersion: version,
            resourceVersionMatch: 'Exact',
            labelSelector: 'set=yes',
          }),
      );

      await api.get(`${list}/a?resourceVersion=0`);
      await api.get(`${list}/b?resourceVersion=x`);
    },
  },
  {
    name: 'a version that is too large',
    run: async (api) => {
      await api.get(`${api.core}/configmaps?resourceVersion=999999999999&timeoutSeconds=1`);
      await api.get(
        `${api.core}/configmaps?resourceVersion=999999999999&resourceVersionMatch=Exact&timeoutSeconds=1`,
      );
      await api.get(`${api.core}/configmaps/x?resourceVersion=999999999999&timeoutSeconds=1`);
    },
  },
  {
    name: 'forms of an answer',
    run: async (api) => {
      await fourMaps(api);

      const [list, one] = [`${api.core}/configmaps?labelSelector=set`, `${api.core}/configmaps/a`];

      for (const accept of [
        table,
        partial,
        partialList,
        'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
        'application/json;as=Table;v=v2;g=meta.k8s.io',
        'application/json;as=Nothing;v=v1;g=meta.k8s.io',
        'application/json;as=Table;v=v1;g=other',
        'text/html',
        'application/*',
        '*/*',
        'text/html, application/json;q=0.5',
        'application/json;as=Table;v=v2;g=meta.k8s.io, application/json',
        'nonsense',
      ]) {
        await api.get(list, { accept });
        await api.get(one, { accept });
      }

      await api.get(`${api.core}/configmaps/none`, { accept: table });
      await api.get(`${one}?pretty=true`);

      const { text } = await api.quietly('GET', `${one}?pretty=1`);
      if (!text.includes('\n  "')) {
        throw new Error('not pretty');
      }

      const yaml = await api.quietly('GET', one, { headers: { accept: 'application/yaml' } });
      if (!/^kind: ConfigMap$/m.test(yaml.text)) {
        throw new Error(yaml.text);
      }
    },
  },
  {
    name: 'missing objects',
    run: async (api) => {
      for (const path of [
        `${api.core}/configmaps/none`,
        `${api.core}/nothings`,
        `${api.core}/nothings/x`,
        '/api/v2/pods',
        '/apis/none.example.com/v1/x',
        '/apis/apps/v9/deployments',
        '/api/v1/namespaces/none/configmaps/x',
        '/api/v1/namespaces/none/configmaps',
        '/api/v1/namespaces/none',
        `${api.core}/pods/none/log`,
        `${api.core}/pods/none/status`,
        `${api.core}/configmaps/none/status`,
        `${api.group('apps/v1')}/deployments/none/scale`,
        '/nothing',
        '/api/v1/configmaps/x',
        `/api/v1/namespaces/${api.namespace}/nodes`,
      ]) {
        await api.get(path);
      }

      await api.post(`${api.core}/nothings`, { metadata: { name: 'x' } });
      await api.post('/api/v1/configmaps', { metadata: { name: 'x' } });
      await api.put(`${api.core}/configmaps`, { metadata: { name: 'x' } });
      await api.post(`${api.core}/configmaps/x`, { metadata: { name: 'x' } });
      await api.call('PURGE', `${api.core}/configmaps/x`).catch(() => {});
      await api.delete(`${api.core}/configmaps/none`);
      await api.patch(`${api.core}/configmaps/none`, { data: {} });
      await api.put(`${api.core}/configmaps/none`, { metadata: { name: 'none' } });
    },
  },
  {
    name: 'discovery of a group',
    run: async (api) => {
      for (const group of [
        'apps/v1',
        'batch/v1',
        'autoscaling/v1',
        'autoscaling/v2',
        'networking.k8s.io/v1',
        'rbac.authorization.k8s.io/v1',
        'policy/v1',
        'storage.k8s.io/v1',
        'scheduling.k8s.io/v1',
        'coordination.k8s.io/v1',
        'discovery.k8s.io/v1',
        'events.k8s.io/v1',
        'node.k8s.io/v1',
        'apiextensions.k8s.io/v1',
        'authentication.k8s.io/v1',
        'authorization.k8s.io/v1',
        'certificates.k8s.io/v1',
        'flowcontrol.apiserver.k8s.io/v1',
      ]) {
        await api.get(`/apis/${group}`);
      }

      const hooks = await api.quietly('GET', '/apis/admissionregistration.k8s.io/v1');

      // Policies that change objects are not served, because nothing here would apply them.
      const resources = hooks.body.resources.filter(
        ({ name }) => !name.startsWith('mutatingadmission'),
      );

      api.transcript.push({
        call: 'GET /apis/admissionregistration.k8s.io/v1',
        body: { ...hooks.body, resources },
      });

      await api.get('/api/v1');
      await api.get('/api');
      await api.get('/apis/apps');
      await api.get('/apis/apps/');
      await api.get('/apis/none');
    },
  },
  ...tableObjects('ns').map((_, index) => tableScenario(tableObjects, index)),
  ...clusterTableObjects('ns').map((_, index) => ({
    ...tableScenario(clusterTableObjects, index),
    name: `table of ${String(clusterTableObjects('ns')[index][0]).split('/').at(-1)} (cluster)`,
  })),
];
