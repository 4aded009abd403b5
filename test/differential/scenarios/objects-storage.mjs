import { changes, creations } from '../objects.mjs';

let counter = 0;
const next = (spec, name = `v${counter++}`) => ({ metadata: { name }, spec });
const claim = (spec = {}) =>
  next({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec });

const volume = (spec = {}) =>
  next(
    {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/x' },
      ...spec,
    },
    'diff-pv',
  );

const sc = (rest = {}) => ({ metadata: { name: 'diff-sc' }, provisioner: 'a.b/c', ...rest });

export default [
  creations('claims: refusals', 'persistentvolumeclaims', [
    claim(),
    {},
    next({}),
    claim({ accessModes: ['X'] }),
    claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }),
    claim({ resources: {} }),
    claim({ resources: { requests: { storage: '0' } } }),
    claim({ resources: { requests: { storage: '-1' } } }),
    claim({ resources: { requests: { storage: '1.5' } } }),
    claim({ storageClassName: 'A_b' }),
    claim({ storageClassName: '' }),
    claim({ volumeMode: 'X' }),
    claim({ volumeMode: 'Block' }),
    claim({ selector: { matchLabels: { 'a b': 'c' } } }),
    claim({ dataSource: {} }),
    claim({ dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } }),
    claim({ dataSource: { kind: 'X', name: 'x' } }),
    claim({ dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x' } }),
    claim({ volumeName: 'x' }),
    claim({ volumeAttributesClassName: 'A_b' }),
  ]),
  changes(
    'claims: permitted changes',
    'persistentvolumeclaims',
    { ...claim({ storageClassName: 'x' }), metadata: { name: 'change' } },
    [
      (c) => {
        c.spec.volumeName = 'v';
      },
      (c) => {
        c.metadata.labels = { a: 'b' };
      },
      (c) => {
        c.spec.volumeName = '';
      },
    ],
  ),
  creations('volumes: refusals', 'persistentvolumes', [
    volume(),
    {},
    next({}, 'diff-pv'),
    volume({ accessModes: [] }),
    volume({ accessModes: ['X'] }),
    volume({ capacity: { cpu: '1' } }),
    volume({ capacity: { storage: '0' } }),
    volume({ capacity: { storage: '-1' } }),
    volume({ hostPath: undefined }),
    volume({ nfs: { server: 'a', path: '/b' } }),
    volume({ hostPath: { path: '/a/../b' } }),
    volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    volume({ persistentVolumeReclaimPolicy: 'X' }),
    volume({ volumeMode: 'X', storageClassName: 'A_b' }),
    volume({ hostPath: undefined, local: { path: '/x' } }),
    volume({ hostPath: undefined, local: { path: '' } }),
    volume({ nodeAffinity: {} }),
    volume({ nodeAffinity: { required: { nodeSelectorTerms: [] } } }),
    volume({ hostPath: undefined, csi: {} }),
    volume({
      hostPath: undefined,
      csi: { driver: 'A_b', volumeHandle: 'x', nodePublishSecretRef: {} },
    }),
    volume({ hostPath: undefined, nfs: {} }),
    volume({ claimRef: { name: 'a', namespace: 'b' } }),
  ]),
  creations('storage classes: refusals', 'storageclasses', [
    sc(),
    sc({ provisioner: '' }),
    sc({ provisioner: 'a b' }),
    sc({ reclaimPolicy: 'X' }),
    sc({ volumeBindingMode: 'X' }),
    sc({ parameters: { '': 'x' } }),
    sc({
      allowedTopologies: [
        {
          matchLabelExpressions: [
            { key: 'a b', values: [] },
            { key: 'c', values: ['x', 'x'] },
            { key: 'c', values: ['y'] },
          ],
        },
      ],
    }),
    sc({ allowVolumeExpansion: true, mountOptions: ['a'], parameters: { a: 'b' } }),
  ]),
  changes(
    'storage classes: permitted changes',
    'storageclasses',
    { ...sc({ parameters: { a: 'b' } }), metadata: { name: 'diff-sc-change' } },
    [
      (s) => {
        s.provisioner = 'x.y/z';
      },
      (s) => {
        s.parameters.a = 'c';
      },
      (s) => {
        s.reclaimPolicy = 'Retain';
      },
      (s) => {
        s.volumeBindingMode = 'WaitForFirstConsumer';
      },
      (s) => {
        s.allowVolumeExpansion = true;
      },
    ],
  ),
  creations('CSI drivers: refusals', 'csidrivers', [
    next({}, 'diff-csi'),
    { metadata: { name: 'diff-csi' } },
    next({ fsGroupPolicy: 'X' }, 'diff-csi'),
    next({ volumeLifecycleModes: ['X'] }, 'diff-csi'),
    next(
      {
        tokenRequests: [
          { audience: 'a' },
          { audience: 'a' },
          { audience: 'b', expirationSeconds: 5 },
        ],
      },
      'diff-csi',
    ),
    next({}, 'A_b'),
  ]),
  changes('CSI drivers: permitted changes', 'csidrivers', next({}, 'diff-csi-change'), [
    (d) => {
      d.spec.attachRequired = false;
    },
    (d) => {
      d.spec.volumeLifecycleModes = ['Ephemeral'];
    },
    (d) => {
      d.spec.podInfoOnMount = true;
    },
  ]),
  creations('CSI nodes and attachments: refusals', 'csinodes', [
    next({ drivers: [] }, 'diff-cn'),
    next({}, 'diff-cn'),
    next(
      {
        drivers: [
          { name: 'A_b', nodeID: '' },
          { name: 'a', nodeID: 'x', topologyKeys: ['a b'] },
          { name: 'a', nodeID: 'y' },
        ],
      },
      'diff-cn',
    ),
  ]),
  creations('attachments: refusals', 'volumeattachments', [
    next({ attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'p' } }, 'diff-va'),
    next({}, 'diff-va'),
    next({ attacher: 'A_b', nodeName: 'C_d', source: { persistentVolumeName: '' } }, 'diff-va'),
    next({ attacher: 'a', nodeName: 'n', source: { inlineVolumeSpec: {} } }, 'diff-va'),
  ]),
];
