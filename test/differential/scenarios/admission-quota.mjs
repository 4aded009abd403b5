// ResourceQuota: refusals, usage, scopes, and the status.

const pod = (name, resources, more = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', ...(resources && { resources }) }], ...more },
});

const quota = (name, hard, more = {}) => ({ metadata: { name }, spec: { hard, ...more } });
const isSame = (a, b) =>
  JSON.stringify(Object.entries(a ?? {}).sort()) === JSON.stringify(Object.entries(b ?? {}).sort());

/** Creates a quota and waits until it is in force. */
async function begin(api, name, hard, more) {
  await api.post(`${api.core}/resourcequotas`, quota(name, hard, more));

  await api.until(
    `${api.core}/resourcequotas/${name}`,
    ({ status }) => status.used && Object.keys(status.used).length > 0,
  );

  await api.get(`${api.core}/resourcequotas/${name}`);

  // The real server reads its own copy of the quotas, which follows a moment later.
  await new Promise((resolve) => setTimeout(resolve, 300));
}

/** Waits until a quota shows the usage, and records it. */
async function recordUsage(api, name, used) {
  await api.until(`${api.core}/resourcequotas/${name}`, ({ status }) => isSame(status.used, used));
  await api.get(`${api.core}/resourcequotas/${name}`);
}

export default [
  {
    name: 'compute: must be stated, is counted, and given back',
    run: async (api) => {
      const hard = { 'requests.cpu': '1', 'limits.cpu': '2', 'requests.memory': '1Gi', pods: '3' };
      await begin(api, 'compute', hard);

      const pods = `${api.core}/pods`;
      await api.post(pods, pod('nothing'));

      await api.post(pods, {
        metadata: { name: 'two' },
        spec: {
          containers: [
            { name: 'a', image: 'x', resources: { requests: { cpu: '1' } } },
            { name: 'b', image: 'x' },
          ],
        },
      });

      const small = {
        requests: { cpu: '400m', memory: '128Mi' },
        limits: { cpu: '500m', memory: '128Mi' },
      };

      await api.post(pods, pod('a', small));
      await api.get(`${api.core}/resourcequotas/compute`);
      await api.post(`${pods}?dryRun=All`, pod('b', small));
      await api.post(pods, pod('b', small));
      await api.get(`${api.core}/resourcequotas/compute`);
      await api.post(pods, pod('c', small));

      await api.post(
        pods,
        pod('d', { requests: { cpu: '2', memory: '2Gi' }, limits: { cpu: '3', memory: '2Gi' } }),
      );

      await api.post(
        `${pods}?dryRun=All`,
        pod('d', { requests: { cpu: '2', memory: '2Gi' }, limits: { cpu: '3' } }),
      );

      await api.post(pods, pod('a', small));
      await api.quietly('DELETE', `${pods}/a?gracePeriodSeconds=0`);

      await recordUsage(api, 'compute', {
        'requests.cpu': '400m',
        'limits.cpu': '500m',
        'requests.memory': '128Mi',
        pods: '1',
      });

      await api.patch(`${pods}/b/status`, { status: { phase: 'Succeeded' } });

      await recordUsage(api, 'compute', {
        'requests.cpu': '0',
        'limits.cpu': '0',
        'requests.memory': '0',
        pods: '0',
      });
    },
  },
  {
    name: 'names of containers that state too little',
    run: async (api) => {
      await begin(api, 'all', {
        cpu: '10',
        memory: '10Gi',
        'limits.memory': '10Gi',
        'requests.ephemeral-storage': '1Gi',
      });

      await api.post(`${api.core}/pods`, {
        metadata: { name: 'two' },
        spec: {
          initContainers: [{ name: 'z', image: 'x' }],
          containers: [
            { name: 'b', image: 'x', resources: { requests: { cpu: '1' } } },
            { name: 'a', image: 'x', resources: { limits: { memory: '1Gi' } } },
          ],
        },
      });

      await api.post(
        `${api.core}/pods`,
        pod('whole', undefined, { resources: { limits: { cpu: '1', memory: '1Gi' } } }),
      );
    },
  },
  {
    name: 'counts of objects, also of other groups',
    run: async (api) => {
      await begin(api, 'objects', {
        'count/deployments.apps': '1',
        'count/configmaps': '2',
        secrets: '1',
        'count/pods': '0',
        resourcequotas: '1',
      });

      const deployment = (name) => ({
        metadata: { name },
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: name } },
          template: { metadata: { labels: { a: name } }, spec: pod('x').spec },
        },
      });

      const deployments = `${api.group('apps/v1')}/deployments`;
      await api.post(deployments, deployment('a'));
      await api.post(deployments, deployment('b'));
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'a' } });
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'b' } });
      await api.post(`${api.core}/secrets`, { metadata: { name: 'a' } });
      await api.post(`${api.core}/secrets`, { metadata: { name: 'b' } });
      await api.post(`${api.core}/pods`, pod('a'));
      await api.post(`${api.core}/resourcequotas`, quota('second', { pods: '1' }));

      await api.patch(
        `${api.core}/configmaps/a`,
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
        'apply',
        {},
      );

      await api.call('PATCH', `${api.core}/configmaps/applied?fieldManager=me`, {
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\n',
      });

      await recordUsage(api, 'objects', {
        'count/deployments.apps': '1',
        'count/configmaps': '2',
        secrets: '1',
        'count/pods': '0',
        resourcequotas: '1',
      });
    },
  },
  {
    name: 'services: load balancers and node ports',
    run: async (api) => {
      await begin(api, 'services', {
        services: '3',
        'services.nodeports': '2',
        'services.loadbalancers': '1',
      });

      const services = `${api.core}/services`;

      const service = (name, type, ports = [80], more = {}) => ({
        metadata: { name },
        spec: {
          type,
          selector: { a: 'b' },
          ports: ports.map((port) => ({ name: `p${port}`, port })),
          ...more,
        },
      });

      await api.post(services, service('plain', 'ClusterIP'));
      await api.post(services, service('ports', 'NodePort', [80, 81, 82]));
      await api.post(services, service('ports', 'NodePort', [80]));
      await api.post(services, service('balanced', 'LoadBalancer', [80, 81]));

      await api.post(
        services,
        service('balanced', 'LoadBalancer', [80, 81], { allocateLoadBalancerNodePorts: false }),
      );

      await api.post(services, service('fourth', 'ClusterIP'));
      await api.patch(`${services}/plain`, { spec: { type: 'LoadBalancer' } });
      await api.patch(`${services}/plain`, { spec: { type: 'NodePort' } });
      await api.patch(`${services}/ports`, { spec: { type: 'ClusterIP' } });

      await recordUsage(api, 'services', {
        services: '3',
        'services.nodeports': '1',
        'services.loadbalancers': '1',
      });
    },
  },
  {
    name: 'claims, also by storage class',
    run: async (api) => {
      const hard = {
        persistentvolumeclaims: '3',
        'requests.storage': '10Gi',
        'gold.storageclass.storage.k8s.io/requests.storage': '2Gi',
        'bronze.storageclass.storage.k8s.io/persistentvolumeclaims': '0',
      };

      await begin(api, 'storage', hard);

      const claims = `${api.core}/persistentvolumeclaims`;

      const claim = (name, storage, storageClassName) => ({
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage } },
          storageClassName,
        },
      });

      await api.post(claims, claim('gold', '1Gi', 'gold'));
      await api.post(claims, claim('gold-too', '1500Mi', 'gold'));
      await api.post(claims, claim('bronze', '1Gi', 'bronze'));
      await api.post(claims, claim('large', '20Gi', 'silver'));
      await api.post(claims, claim('silver', '1.5Gi', 'silver'));

      await recordUsage(api, 'storage', {
        persistentvolumeclaims: '2',
        'requests.storage': '2560Mi',
        'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
        'bronze.storageclass.storage.k8s.io/persistentvolumeclaims': '0',
      });
    },
  },
  {
    name: 'scopes',
    run: async (api) => {
      await begin(api, 'best-effort', { pods: '1' }, { scopes: ['BestEffort'] });
      await begin(api, 'ending', { pods: '1' }, { scopes: ['Terminating', 'NotBestEffort'] });

      const pods = `${api.core}/pods`;
      const limits = { limits: { cpu: '1', memory: '1Gi' } };

      await api.post(pods, pod('a'));
      await api.post(pods, pod('b'));
      await api.post(pods, pod('c', limits));
      await api.post(pods, pod('d', limits, { activeDeadlineSeconds: 10 }));
      await api.post(pods, pod('e', limits, { activeDeadlineSeconds: 10 }));
      await api.patch(`${pods}/c`, { spec: { activeDeadlineSeconds: 10 } });
      await recordUsage(api, 'best-effort', { pods: '1' });
      await recordUsage(api, 'ending', { pods: '1' });
    },
  },
  {
    name: 'scope selectors by priority class',
    alone: true,
    run: async (api) => {
      const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';

      for (const [name, value] of [
        ['quota-high', 10],
        ['quota-low', 5],
      ]) {
        await api.post(classes, { metadata: { name }, value });
      }

      const scopeSelector = (operator, values) => ({
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values && { values }) }],
        },
      });

      await begin(api, 'high', { pods: '1' }, scopeSelector('In', ['quota-high']));
      await begin(api, 'any', { pods: '2' }, scopeSelector('Exists'));

      const pods = `${api.core}/pods`;
      await api.post(pods, pod('a', undefined, { priorityClassName: 'quota-high' }));
      await api.post(pods, pod('b', undefined, { priorityClassName: 'quota-high' }));
      await api.post(pods, pod('c', undefined, { priorityClassName: 'quota-low' }));
      await api.post(pods, pod('d', undefined, { priorityClassName: 'quota-low' }));
      await api.post(pods, pod('e'));
      await recordUsage(api, 'any', { pods: '2' });

      for (const name of ['quota-high', 'quota-low']) {
        await api.delete(`${classes}/${name}`);
      }
    },
  },
  {
    name: 'changed and deleted quotas, and objects that were there before',
    run: async (api) => {
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'a' } });
      await begin(api, 'maps', { 'count/configmaps': '2' });
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'b' } });
      await api.patch(`${api.core}/resourcequotas/maps`, {
        spec: { hard: { 'count/configmaps': '3', 'count/secrets': '1' } },
      });
      await recordUsage(api, 'maps', { 'count/configmaps': '2', 'count/secrets': '0' });
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'b' } });
      await api.delete(`${api.core}/resourcequotas/maps`);
      await api.until(`${api.core}/resourcequotas/maps`, (_, status) => status === 404);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(`${api.core}/configmaps`, { metadata: { name: 'c' } });
      await api.post(`${api.core}/secrets`, { metadata: { name: 'c' } });
    },
  },
  {
    name: 'refusals',
    run: async (api) => {
      const quotas = `${api.core}/resourcequotas`;
      await api.post(quotas, quota('negative', { cpu: '-1' }));
      await api.post(quotas, quota('unknown', { nothing: '1' }));
      await api.post(quotas, quota('fraction', { pods: '1.5' }));
      await api.post(quotas, quota('scope', { pods: '1' }, { scopes: ['Nothing'] }));

      await api.post(
        quotas,
        quota('scopes', { pods: '1' }, { scopes: ['Terminating', 'NotTerminating'] }),
      );

      await api.post(
        quotas,
        quota('scope-resource', { services: '1' }, { scopes: ['BestEffort'] }),
      );

      await api.post(quotas, quota('best', { cpu: '1' }, { scopes: ['BestEffort'] }));

      await api.post(
        quotas,
        quota(
          'selector',
          { pods: '1' },
          { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
        ),
      );

      await api.post(quotas, quota('fine', { pods: '1' }));
      await api.patch(`${quotas}/fine`, { spec: { scopes: ['BestEffort'] } });
    },
  },
  {
    name: 'claims of parts of bytes',
    run: async (api) => {
      const hard = { 'requests.storage': '10' };
      await api.quietly('POST', `${api.core}/resourcequotas`, {
        body: { metadata: { name: 'q' }, spec: { hard } },
      });

      await api.until(
        `${api.core}/resourcequotas/q`,
        ({ status }) => status.used['requests.storage'] !== undefined,
      );

      for (const [name, storage] of Object.entries({ a: '1500m', b: '0.1', c: '7', d: '1' })) {
        const spec = {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'none',
          resources: { requests: { storage } },
        };

        const body = { metadata: { name }, spec };

        const { status, body: told } = await api.quietly(
          'POST',
          `${api.core}/persistentvolumeclaims`,
          { body },
        );

        api.transcript.push({ call: `claim of ${storage}`, status, message: told.message });
      }
    },
  },
];
