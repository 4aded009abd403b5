// Defaults, warnings and refusals of objects with few or deprecated fields.
import { creations } from '../objects.mjs';

const volume = (spec, annotations) => ({
  metadata: { name: `v-${Object.keys(spec)[0].toLowerCase()}`, annotations },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
});

const secretRef = { name: 'n', namespace: 'ns' };

const local = (key) => ({
  local: { path: '/x' },
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['l'] }] }],
    },
  },
});

const digest = '0'.repeat(64);

/** References of images, valid and invalid, on which the default pull policy depends. */
const images =
  `a a:latest a:1 a@sha256:${digest} x:1@sha256:${digest} x:latest@sha256:${digest} A a: localhost:5000/x [::1]:5000/x
  localhost:5000/x:latest x@y UPPER/x UPPER.io/x x/${'y'.repeat(300)} x:${'t'.repeat(129)} ://x a:b:c http://x/y:1 a_b a__b a..b`.split(
    /\s+/,
  );

/** Returns a scenario of dry runs: controllers of the real server would change stored objects. */
const dryRuns = (name, path, objects) => ({
  name,
  run: async (api) => {
    for (const object of objects) {
      await api.post(`${path}?dryRun=All`, object);
    }
  },
});

export default [
  dryRuns('volumes', '/api/v1/persistentvolumes', [
    volume({ rbd: { monitors: ['a'], image: 'i' } }),
    volume({ scaleIO: { gateway: 'g', system: 's', volumeName: 'v', secretRef } }),
    volume({ iscsi: { targetPortal: '1.2.3.4', iqn: 'iqn.2001-04.com.example:x', lun: 0 } }),
    volume({ glusterfs: { path: 'p', endpoints: 'e' } }),
    volume({ storageos: { volumeName: 'a' } }),
    volume({ flexVolume: { driver: 'a/b' }, hostPath: { path: '/x' } }),
    volume({ cephfs: { monitors: ['a'] } }),
    volume(local('beta.kubernetes.io/os')),
    volume({ nfs: { server: 's', path: '/p' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    volume({ hostPath: { path: '/x' } }, { 'volume.beta.kubernetes.io/mount-options': 'ro' }),
    volume(
      { azureDisk: { diskName: 'd', diskURI: '/subscriptions/x' } },
      { 'volume.beta.kubernetes.io/mount-options': 'ro' },
    ),
  ]),
  creations('claims', 'persistentvolumeclaims', [
    {
      metadata: { name: 'c', annotations: { 'volume.beta.kubernetes.io/storage-class': 'none' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ]),
  creations('drivers', 'csidrivers', [
    { metadata: { name: 'tokens.example.com' }, spec: { tokenRequests: [{ audience: 'a' }] } },
  ]),
  {
    name: 'images',
    run: async (api) => {
      for (const image of images) {
        const body = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image }] } };
        const { status, body: pod } = await api.quietly('POST', `${api.core}/pods?dryRun=All`, {
          body,
        });
        const { imagePullPolicy } = pod.spec?.containers[0] ?? {};
        api.transcript.push({
          call: `image ${image}`,
          status,
          imagePullPolicy,
          message: pod.message,
        });
      }
    },
  },
  {
    name: 'limit ranges without a name',
    run: async (api) => {
      for (const metadata of [undefined, { name: '' }, { generateName: 'a-' }, { name: 'a' }]) {
        const body = { metadata, spec: { limits: [] } };
        const { status, body: made } = await api.quietly('POST', `${api.core}/limitranges`, {
          body,
        });
        const name = made.metadata?.name;
        const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
        api.transcript.push({
          call: JSON.stringify(metadata),
          status,
          length: name?.length,
          isUuid,
        });
      }
    },
  },
  {
    name: 'networks of nodes',
    run: async (api) => {
      const node = (index, spec) => ({ metadata: { name: `${api.namespace}-${index}` }, spec });

      for (const [index, spec] of [
        { podCIDR: '10.1.0.0/24' },
        { podCIDRs: ['10.1.0.0/24', 'fd00::/64'] },
        { podCIDR: '10.1.0.0/24', podCIDRs: ['10.2.0.0/24'] },
        { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24', 'fd00::/64'] },
        { externalID: 'x' },
      ].entries()) {
        await api.post('/api/v1/nodes?dryRun=All', node(index, spec));
      }

      const { name } = node('kept', {}).metadata;

      await api.quietly('POST', '/api/v1/nodes', {
        body: node('kept', { podCIDR: '10.1.0.0/24' }),
      });

      for (const [spec, type] of [
        [{ podCIDR: '10.2.0.0/24' }, 'merge'],
        [{ podCIDR: null }, 'merge'],
        [{ podCIDRs: ['10.8.0.0/24'] }, 'strategic'],
      ]) {
        const headers = {
          'content-type': `application/${type === 'merge' ? 'merge' : 'strategic-merge'}-patch+json`,
        };

        const { status, body } = await api.quietly('PATCH', `/api/v1/nodes/${name}`, {
          body: { spec },
          headers,
        });

        api.transcript.push({
          call: `${type} ${JSON.stringify(spec)}`,
          status,
          message: body.message,
          cidrs: body.spec?.podCIDRs,
        });
      }

      await api.quietly('DELETE', `/api/v1/nodes/${name}`);
    },
  },
  {
    name: 'versions of created objects, parameters of lists, tables of scales',
    run: async (api) => {
      const maps = `${api.core}/configmaps`;

      for (const [query, resourceVersion] of [
        ['', '5'],
        ['?dryRun=All', '5'],
        ['?dryRun=All', '0'],
      ]) {
        const body = { metadata: { name: 'v', resourceVersion } };
        const { status, body: told } = await api.quietly('POST', maps + query, { body });
        api.transcript.push({
          call: `version ${resourceVersion} ${query}`,
          status,
          message: told.message,
        });
      }

      for (const query of [
        'sendInitialEvents=true',
        'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0',
        'timeoutSeconds=x',
        'limit=',
        'watch=1&resourceVersionMatch=Exact',
        'watch=1&continue=x',
      ]) {
        await api.get(`${maps}?${query}`);
      }

      const deployments = `${api.group('apps/v1')}/deployments`;

      const template = {
        metadata: { labels: { a: 'b' } },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      };

      const spec = { replicas: 0, paused: true, selector: { matchLabels: { a: 'b' } }, template };
      await api.quietly('POST', deployments, { body: { metadata: { name: 'd' }, spec } });

      const acceptAs = (form) => `application/json;as=${form};v=v1;g=meta.k8s.io`;
      await api.get(`${deployments}/d/scale?includeObject=None`, {
        accept: `${acceptAs('Table')},application/json`,
      });

      const { body } = await api.quietly('GET', `${deployments}/d/scale`, {
        headers: { accept: acceptAs('PartialObjectMetadata') },
      });
      api.transcript.push({ call: 'scale as metadata', kind: body.kind, keys: Object.keys(body) });

      await api.post(
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        { spec: { resourceAttributes: { verb: 'get' } } },
        { accept: acceptAs('Table') },
      );

      await api.post(
        `${api.core}/serviceaccounts/default/token`,
        { spec: {} },
        { accept: acceptAs('Table') },
      );
    },
  },
];
