// LimitRanger, ServiceAccount, Priority, default classes, protection of volumes, tolerations,
// runtime classes.

const pod = (name, resources, more = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', ...(resources && { resources }) }], ...more },
});

const claim = (name, storage, more = {}) => ({
  metadata: { name, ...more.metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more.spec },
});

const range = (name, ...limits) => ({ metadata: { name }, spec: { limits } });

export default [
  {
    name: 'limit range: containers get defaults and are held to the bounds',
    run: async (api) => {
      await api.post(
        `${api.core}/limitranges`,
        range('limits', {
          type: 'Container',
          default: { cpu: '500m', memory: '256Mi' },
          defaultRequest: { cpu: '100m' },
          min: { cpu: '50m' },
          max: { cpu: '1', memory: '1Gi' },
          maxLimitRequestRatio: { cpu: '5' },
        }),
      );

      const pods = `${api.core}/pods`;
      await api.post(pods, pod('plain'));
      await api.post(pods, pod('some', { limits: { cpu: '300m' } }));
      await api.post(pods, pod('requests', { requests: { cpu: '250m', memory: '64Mi' } }));
      await api.post(pods, pod('small', { requests: { cpu: '10m' }, limits: { cpu: '40m' } }));

      await api.post(
        pods,
        pod('small-limit', { requests: { cpu: '50m' }, limits: { cpu: '40m' } }),
      );

      await api.post(pods, pod('large', { limits: { cpu: '2' } }));

      await api.post(
        pods,
        pod('large-request', { requests: { memory: '2Gi' }, limits: { memory: '2Gi' } }),
      );

      await api.post(pods, pod('ratio', { requests: { cpu: '100m' }, limits: { cpu: '900m' } }));
      await api.post(pods, pod('zero', { requests: { cpu: '0' } }));

      await api.post(
        pods,
        pod('init', undefined, {
          initContainers: [
            { name: 'first', image: 'busybox' },
            {
              name: 'sidecar',
              image: 'busybox',
              restartPolicy: 'Always',
              resources: { limits: { cpu: '200m' } },
            },
          ],
        }),
      );

      await api.patch(`${pods}/plain`, { metadata: { labels: { a: 'b' } } });
      await api.get(`${pods}/plain`);
      await api.kubectl('run viakubectl --image=nginx --dry-run=server -o yaml');
    },
  },
  {
    name: 'limit range: bounds of whole pods',
    run: async (api) => {
      await api.post(
        `${api.core}/limitranges`,
        range('limits', {
          type: 'Pod',
          min: { cpu: '100m' },
          max: { cpu: '1' },
          maxLimitRequestRatio: { cpu: '2' },
        }),
      );

      const pods = `${api.core}/pods`;
      await api.post(pods, pod('nothing'));
      await api.post(pods, pod('fits', { requests: { cpu: '300m' }, limits: { cpu: '500m' } }));

      const container = (name, cpu) => ({
        name,
        image: 'nginx',
        resources: { requests: { cpu }, limits: { cpu } },
      });

      await api.post(pods, {
        metadata: { name: 'sum' },
        spec: { containers: [container('a', '600m'), container('b', '600m')] },
      });

      await api.post(pods, {
        metadata: { name: 'init' },
        spec: { containers: [container('a', '600m')], initContainers: [container('i', '1500m')] },
      });

      await api.post(pods, {
        metadata: { name: 'sidecar' },
        spec: {
          containers: [container('a', '600m')],
          initContainers: [{ ...container('i', '500m'), restartPolicy: 'Always' }],
        },
      });

      await api.post(
        pods,
        pod('whole', undefined, { resources: { requests: { cpu: '300m' }, limits: { cpu: '3' } } }),
      );

      await api.post(
        pods,
        pod('both', undefined, {
          resources: { requests: { cpu: '50m' }, limits: { cpu: '500m' } },
        }),
      );
    },
  },
  {
    name: 'limit range: claims',
    run: async (api) => {
      await api.post(
        `${api.core}/limitranges`,
        range('limits', {
          type: 'PersistentVolumeClaim',
          min: { storage: '1Gi' },
          max: { storage: '5Gi' },
        }),
      );

      const claims = `${api.core}/persistentvolumeclaims`;
      await api.post(claims, claim('small', '500Mi'));
      await api.post(claims, claim('large', '10Gi'));
      await api.post(claims, claim('fits', '2Gi'));
      await api.patch(`${claims}/fits`, { metadata: { labels: { a: 'b' } } });
    },
  },
  {
    name: 'limit range: refusals, own defaults, put creates',
    run: async (api) => {
      const ranges = `${api.core}/limitranges`;
      await api.post(ranges, range('bad-type', { type: 'Nothing', max: { cpu: '1' } }));

      await api.post(
        ranges,
        range('min-max', { type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }),
      );

      await api.post(
        ranges,
        range('default', {
          type: 'Container',
          default: { cpu: '2' },
          defaultRequest: { cpu: '3' },
          max: { cpu: '1' },
        }),
      );

      await api.post(ranges, range('pod-default', { type: 'Pod', default: { cpu: '1' } }));

      await api.post(
        ranges,
        range('ratio', { type: 'Container', maxLimitRequestRatio: { cpu: '0.5' } }),
      );

      await api.post(
        ranges,
        range('claim', { type: 'PersistentVolumeClaim', default: { storage: '1Gi' } }),
      );

      await api.post(
        ranges,
        range(
          'twice',
          { type: 'Container', max: { cpu: '1' } },
          { type: 'Container', max: { cpu: '2' } },
        ),
      );

      await api.post(ranges, range('max-only', { type: 'Container', max: { cpu: '1' } }));
      await api.put(`${ranges}/put`, range('put', { type: 'Container', default: { cpu: '1' } }));
    },
  },
  {
    name: 'service account: looked up, its pull secrets and token',
    run: async (api) => {
      const pods = `${api.core}/pods`;
      await api.post(pods, pod('missing', undefined, { serviceAccountName: 'nobody' }));
      await api.post(pods, pod('plain'));
      await api.post(pods, pod('quiet', undefined, { automountServiceAccountToken: false }));

      await api.post(`${api.core}/serviceaccounts`, {
        metadata: { name: 'builder' },
        imagePullSecrets: [{ name: 'registry' }],
        automountServiceAccountToken: false,
      });

      await api.post(pods, pod('built', undefined, { serviceAccountName: 'builder' }));

      await api.post(
        pods,
        pod('loud', undefined, {
          serviceAccountName: 'builder',
          automountServiceAccountToken: true,
        }),
      );

      await api.post(
        pods,
        pod('own', undefined, { serviceAccount: 'builder', imagePullSecrets: [{ name: 'mine' }] }),
      );

      await api.post(pods, {
        metadata: { name: 'mounted' },
        spec: {
          containers: [
            {
              name: 'c',
              image: 'nginx',
              volumeMounts: [
                { name: 'v', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
              ],
            },
          ],
          volumes: [{ name: 'v', emptyDir: {} }],
        },
      });

      await api.quietly('POST', `${api.core}/serviceaccounts`, {
        body: {
          metadata: {
            name: 'strict',
            annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
          },
          secrets: [{ name: 'allowed' }],
        },
      });

      const volumes = (secretName) => ({
        serviceAccountName: 'strict',
        volumes: [{ name: 's', secret: { secretName } }],
      });

      await api.post(pods, pod('allowed', undefined, volumes('allowed')));
      await api.post(pods, pod('forbidden', undefined, volumes('other')));

      await api.post(
        pods,
        pod('pull', undefined, { serviceAccountName: 'strict', imagePullSecrets: [{ name: 'x' }] }),
      );

      await api.post(pods, {
        metadata: { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'x' } },
        spec: {
          nodeName: 'n',
          serviceAccountName: 'default',
          containers: [{ name: 'c', image: 'nginx' }],
        },
      });
    },
  },
  {
    name: 'priority: classes give pods their number',
    alone: true,
    run: async (api) => {
      const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
      const pods = `${api.core}/pods`;

      await api.get(classes);
      await api.post(pods, pod('none', undefined, { priorityClassName: 'nothing' }));
      await api.post(pods, pod('own-number', undefined, { priority: 5 }));
      await api.post(pods, pod('system', undefined, { priorityClassName: 'system-node-critical' }));
      await api.post(classes, { metadata: { name: 'high' }, value: 1000, description: 'x' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(pods, pod('high', undefined, { priorityClassName: 'high' }));
      await api.post(pods, pod('wrong', undefined, { priorityClassName: 'high', priority: 7 }));

      await api.post(
        pods,
        pod('policy', undefined, { priorityClassName: 'high', preemptionPolicy: 'Never' }),
      );

      await api.post(classes, {
        metadata: { name: 'usual' },
        value: 10,
        globalDefault: true,
        preemptionPolicy: 'Never',
      });

      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(classes, { metadata: { name: 'usual-too' }, value: 20, globalDefault: true });
      await api.post(pods, pod('default'));
      await api.post(classes, { metadata: { name: 'system-mine' }, value: 10 });
      await api.post(classes, { metadata: { name: 'too-high' }, value: 2_000_000_000 });
      await api.patch(`${classes}/high`, { value: 7 });

      for (const name of ['high', 'usual']) {
        await api.delete(`${classes}/${name}`);
      }
    },
  },
  {
    name: 'default storage class, claims that grow, finalizers of volumes',
    alone: true,
    run: async (api) => {
      const classes = '/apis/storage.k8s.io/v1/storageclasses';
      const claims = `${api.core}/persistentvolumeclaims`;

      const storageClass = (name, more = {}) => ({
        metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'kubernetes.io/no-provisioner',
        ...more,
      });

      await api.post(classes, storageClass('usual', { allowVolumeExpansion: true }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(claims, claim('late', '1Gi'));
      await api.post(claims, claim('none', '1Gi', { spec: { storageClassName: '' } }));
      await api.patch(`${claims}/late/status`, { status: { phase: 'Bound' } });
      await api.patch(`${claims}/late`, { spec: { resources: { requests: { storage: '2Gi' } } } });
      await api.patch(`${claims}/none/status`, { status: { phase: 'Bound' } });
      await api.patch(`${claims}/none`, { spec: { resources: { requests: { storage: '2Gi' } } } });
      await api.delete(`${claims}/late`);
      await api.until(`${claims}/late`, (_, status) => status === 404);

      await api.post('/api/v1/persistentvolumes', {
        metadata: { name: `${api.namespace}-volume` },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: '/tmp/x' },
          storageClassName: 'manual',
        },
      });

      await api.quietly('DELETE', `/api/v1/persistentvolumes/${api.namespace}-volume`);

      await api.until(
        `/api/v1/persistentvolumes/${api.namespace}-volume`,
        (_, status) => status === 404,
      );

      await api.quietly('DELETE', `${classes}/usual`);
    },
  },
  {
    name: 'default ingress class',
    alone: true,
    run: async (api) => {
      const classes = '/apis/networking.k8s.io/v1/ingressclasses';

      const ingress = (name, more = {}) => ({
        metadata: { name, ...more.metadata },
        spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, ...more.spec },
      });

      const ingresses = `${api.group('networking.k8s.io/v1')}/ingresses`;
      await api.post(ingresses, ingress('early'));

      await api.post(classes, {
        metadata: {
          name: 'usual',
          annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
        },
        spec: { controller: 'example.com/none' },
      });

      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(ingresses, ingress('late'));
      await api.post(ingresses, ingress('own', { spec: { ingressClassName: 'mine' } }));

      await api.post(
        ingresses,
        ingress('old', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } }),
      );

      await api.delete(`${classes}/usual`);
    },
  },
  {
    name: 'tolerations and runtime classes',
    alone: true,
    run: async (api) => {
      const classes = '/apis/node.k8s.io/v1/runtimeclasses';
      const pods = `${api.core}/pods`;
      await api.post(
        pods,
        pod('tolerant', undefined, {
          tolerations: [
            {
              key: 'node.kubernetes.io/not-ready',
              operator: 'Exists',
              effect: 'NoExecute',
              tolerationSeconds: 5,
            },
          ],
        }),
      );

      await api.post(pods, pod('all', undefined, { tolerations: [{ operator: 'Exists' }] }));
      await api.post(pods, pod('no-class', undefined, { runtimeClassName: 'nothing' }));
      await api.post(pods, pod('overhead', undefined, { overhead: { cpu: '1' } }));

      await api.post(classes, {
        metadata: { name: 'sandbox' },
        handler: 'runsc',
        overhead: { podFixed: { cpu: '250m' } },
        scheduling: {
          nodeSelector: { runtime: 'sandbox' },
          tolerations: [{ key: 'sandbox', operator: 'Exists' }],
        },
      });

      await new Promise((resolve) => setTimeout(resolve, 300));
      await api.post(pods, pod('boxed', undefined, { runtimeClassName: 'sandbox' }));

      await api.post(
        pods,
        pod('other', undefined, { runtimeClassName: 'sandbox', overhead: { cpu: '1' } }),
      );

      await api.post(
        pods,
        pod('conflict', undefined, { runtimeClassName: 'sandbox', nodeSelector: { runtime: 'x' } }),
      );

      await api.delete(`${classes}/sandbox`);
    },
  },
];
