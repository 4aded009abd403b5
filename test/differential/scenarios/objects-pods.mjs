import { changes, creations, path } from '../objects.mjs';

let counter = 0;
const named = (spec, metadata = {}) => ({ metadata: { name: `p${counter++}`, ...metadata }, spec });
const one = { name: 'c', image: 'busybox' };
/** @type {(spec?: object, metadata?: object) => any} */
const pod = (spec = {}, metadata) => named({ containers: [one], ...spec }, metadata);
const podWithContainer = (container, rest = {}) =>
  pod({ containers: [{ ...one, ...container }], ...rest });

const podWithAppArmor = (said, spec) =>
  pod(
    spec,
    said !== undefined && {
      annotations: { 'container.apparmor.security.beta.kubernetes.io/c': said },
    },
  );

const profile = (type, localhostProfile) => ({
  securityContext: { appArmorProfile: { type, localhostProfile } },
});
const podWithProjection = (...sources) => pod({ volumes: [{ name: 'v', projected: { sources } }] });

const deployment = ({ metadata: { name, annotations }, spec }) => ({
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' }, annotations }, spec },
  },
});

const list = (name, objects) => creations(`pods: ${name}`, 'pods', objects);

export default [
  list('defaults', [
    pod(),
    podWithContainer({ image: 'busybox:1.2', ports: [{ containerPort: 80 }] }),
    podWithContainer({
      image: 'r.io/b@sha256:0123456789012345678901234567890123456789012345678901234567890123',
    }),
    podWithContainer({ resources: { limits: { cpu: '1', memory: '1Gi' } } }),
    podWithContainer({ resources: { limits: { cpu: '0.5' }, requests: { memory: '1e6' } } }),
    podWithContainer({
      livenessProbe: { httpGet: { port: 80 } },
      readinessProbe: { tcpSocket: { port: 'web' } },
      startupProbe: { grpc: { port: 5000 } },
      lifecycle: { preStop: { httpGet: { port: 8080 } }, postStart: { exec: { command: ['a'] } } },
    }),
    pod({ hostNetwork: true, containers: [{ ...one, ports: [{ containerPort: 8080 }] }] }),
    pod({
      initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Always' }],
      volumes: [
        { name: 'e' },
        { name: 's', secret: { secretName: 's' } },
        { name: 'c', configMap: { name: 'c' } },
        { name: 'h', hostPath: { path: '/a' } },
        {
          name: 'd',
          downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] },
        },
        {
          name: 'p',
          projected: {
            sources: [{ serviceAccountToken: { path: 't' } }, { configMap: { name: 'x' } }],
          },
        },
        {
          name: 'g',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
        { name: 'im', image: { reference: 'a/b' } },
      ],
    }),
    pod({ serviceAccountName: 'default', automountServiceAccountToken: false, priority: 0 }),
    pod({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { a: 'b' } },
        },
      ],
    }),
    pod({
      tolerations: [{ operator: 'Exists' }],
      nodeName: 'n1',
      terminationGracePeriodSeconds: 5,
    }),
    podWithContainer({
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B', value: '' },
      ],
    }),
    pod({ resources: { limits: { cpu: '1' } } }),
  ]),
  list('containers', [
    {},
    { metadata: { name: 'a' } },
    named({}),
    named({ containers: [] }),
    named({ containers: [{}] }),
    named({ containers: [{ name: 'A_b', image: ' x' }] }),
    named({ containers: [one, one] }),
    named({ containers: [one], initContainers: [one] }),
    podWithContainer({ imagePullPolicy: 'Sometimes' }),
    podWithContainer({ terminationMessagePolicy: 'X', terminationMessagePath: '' }),
    podWithContainer({ name: 'x'.repeat(64) }),
    podWithContainer({ ports: [{}] }),
    podWithContainer({ ports: [{ containerPort: 70000 }, { containerPort: -1 }] }),
    podWithContainer({ ports: [{ containerPort: 1, hostPort: 70000, protocol: 'tcp' }] }),
    podWithContainer({
      ports: [
        { containerPort: 1, name: 'Bad_Name' },
        { containerPort: 2, name: 'this-is-far-too-long-a-name' },
        { containerPort: 3, name: '123' },
      ],
    }),
    podWithContainer({
      ports: [
        { containerPort: 1, name: 'a' },
        { containerPort: 2, name: 'a' },
      ],
    }),
    podWithContainer({
      ports: [
        { containerPort: 1, hostPort: 80 },
        { containerPort: 2, hostPort: 80 },
      ],
    }),
    podWithContainer({ ports: [{ containerPort: 1, hostIP: 'nope' }] }),
    podWithContainer({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
    pod({
      hostNetwork: true,
      containers: [{ ...one, ports: [{ containerPort: 1, hostPort: 2 }] }],
    }),
    podWithContainer({ restartPolicy: 'Always' }),
    podWithContainer({ command: [''], args: ['x'], workingDir: '/x', stdin: true, tty: true }),
    podWithContainer({ stdinOnce: true }),
    podWithContainer({
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'X' },
        { resourceName: 'x', restartPolicy: 'NotRequired' },
      ],
    }),
  ]),
  list('env', [
    podWithContainer({ env: [{}] }),
    podWithContainer({ env: [{ name: 'a=b' }] }),
    podWithContainer({ env: [{ name: '1 x', value: 'a' }] }),
    podWithContainer({
      env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
    podWithContainer({ env: [{ name: 'A', valueFrom: {} }] }),
    podWithContainer({ env: [{ name: 'A', valueFrom: { fieldRef: {} } }] }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.whoops' } } }],
    }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }],
    }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } }],
    }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }],
    }),
    podWithContainer({
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v2' } } },
      ],
    }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }],
    }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'x', containerName: 'c' } } }],
    }),
    podWithContainer({
      env: [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '3' } } },
      ],
    }),
    podWithContainer({ env: [{ name: 'A', valueFrom: { configMapKeyRef: {} } }] }),
    podWithContainer({
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'a b' } } }],
    }),
    podWithContainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x' } } }] }),
    podWithContainer({
      env: [
        {
          name: 'A',
          valueFrom: {
            secretKeyRef: { name: 'x', key: 'k' },
            configMapKeyRef: { name: 'x', key: 'k' },
          },
        },
      ],
    }),
    podWithContainer({ envFrom: [{}] }),
    podWithContainer({
      envFrom: [{ configMapRef: {} }, { secretRef: { name: 'x' }, prefix: 'a=' }],
    }),
    podWithContainer({
      envFrom: [
        { configMapRef: { name: 'A_b' } },
        { secretRef: { name: 'x' }, configMapRef: { name: 'x' } },
      ],
    }),
    podWithContainer({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    }),
  ]),
  list('resources', [
    podWithContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    podWithContainer({ resources: { limits: { cpu: '-1' } } }),
    podWithContainer({ resources: { limits: { cpu: 'abc' } } }),
    podWithContainer({ resources: { limits: { gpu: '1' } } }),
    podWithContainer({ resources: { limits: { 'a b': '1' } } }),
    podWithContainer({ resources: { limits: { 'nvidia.com/gpu': '1.5' } } }),
    podWithContainer({ resources: { requests: { 'nvidia.com/gpu': '1' } } }),
    podWithContainer({
      resources: { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '1' } },
    }),
    podWithContainer({ resources: { limits: { 'hugepages-2Mi': '4Mi' } } }),
    podWithContainer({ resources: { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } } }),
    podWithContainer({ resources: { requests: { 'ephemeral-storage': '1Gi', memory: '2.5' } } }),
    podWithContainer({ resources: { requests: { cpu: '0.0001' } } }),
    podWithContainer({ resources: { claims: [{ name: 'x' }] } }),
    podWithContainer({ resources: { requests: { memory: '100m' } } }),
    pod({ overhead: { cpu: '1' } }),
    pod({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    pod({ resources: { limits: { 'nvidia.com/gpu': '1' } } }),
  ]),
  list('probes and hooks', [
    podWithContainer({ livenessProbe: {} }),
    podWithContainer({ livenessProbe: { exec: {} } }),
    podWithContainer({ livenessProbe: { exec: { command: ['a'] }, httpGet: { port: 80 } } }),
    podWithContainer({ livenessProbe: { httpGet: { port: 0 } } }),
    podWithContainer({
      livenessProbe: { httpGet: { port: 'Bad Name', path: 'x', scheme: 'ftp' } },
    }),
    podWithContainer({
      livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: 'c' }] } },
    }),
    podWithContainer({ livenessProbe: { tcpSocket: { port: 70000 } } }),
    podWithContainer({ readinessProbe: { grpc: {} } }),
    podWithContainer({
      readinessProbe: {
        tcpSocket: { port: 1 },
        initialDelaySeconds: -1,
        periodSeconds: -1,
        timeoutSeconds: -1,
        successThreshold: -1,
        failureThreshold: -1,
      },
    }),
    podWithContainer({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
    podWithContainer({ startupProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
    podWithContainer({
      livenessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 0 },
    }),
    podWithContainer({
      readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 10 },
    }),
    podWithContainer({ lifecycle: { preStop: {} } }),
    podWithContainer({
      lifecycle: { postStart: { exec: {} }, preStop: { sleep: { seconds: 100 } } },
    }),
    podWithContainer({ lifecycle: { preStop: { tcpSocket: { port: 0 } } } }),
    podWithContainer({ lifecycle: { stopSignal: 'SIGTERM' } }),
  ]),
  list('init containers and sidecars', [
    pod({ initContainers: [{}] }),
    pod({
      initContainers: [
        {
          name: 'i',
          image: 'x',
          livenessProbe: { tcpSocket: { port: 1 } },
          lifecycle: { preStop: { exec: { command: ['a'] } } },
        },
      ],
    }),
    pod({
      initContainers: [
        {
          name: 'i',
          image: 'x',
          readinessProbe: { tcpSocket: { port: 1 } },
          startupProbe: { tcpSocket: { port: 1 } },
        },
      ],
    }),
    pod({
      initContainers: [
        {
          name: 'i',
          image: 'x',
          restartPolicy: 'Always',
          livenessProbe: { tcpSocket: { port: 1 } },
          lifecycle: { preStop: { exec: { command: ['a'] } } },
        },
      ],
    }),
    pod({ initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Sometimes' }] }),
    pod({
      initContainers: [
        { name: 'i', image: 'x' },
        { name: 'i', image: 'x' },
      ],
    }),
    pod({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
    pod({
      initContainers: [
        { name: 'i', image: 'x', resources: { limits: { cpu: '1' }, requests: { cpu: '3' } } },
      ],
    }),
  ]),
  list('volumes', [
    pod({ volumes: [{}] }),
    pod({ volumes: [{ name: 'A_b' }, { name: 'x' }, { name: 'x' }] }),
    pod({ volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/x' } }] }),
    pod({ volumes: [{ name: 'a', emptyDir: { sizeLimit: '-1', medium: 'X' } }] }),
    pod({ volumes: [{ name: 'a', hostPath: {} }] }),
    pod({ volumes: [{ name: 'a', hostPath: { path: '/a/../b', type: 'X' } }] }),
    pod({ volumes: [{ name: 'a', secret: {} }] }),
    pod({
      volumes: [
        {
          name: 'a',
          secret: {
            secretName: 'x',
            defaultMode: 1000,
            items: [
              { key: '', path: '/abs' },
              { key: 'a', path: '../x', mode: 9999 },
            ],
          },
        },
      ],
    }),
    pod({ volumes: [{ name: 'a', configMap: {} }] }),
    pod({ volumes: [{ name: 'a', configMap: { name: 'x', items: [{ key: 'a' }] } }] }),
    pod({ volumes: [{ name: 'a', persistentVolumeClaim: {} }] }),
    pod({ volumes: [{ name: 'a', nfs: {} }] }),
    pod({ volumes: [{ name: 'a', nfs: { server: 's', path: 'rel' } }] }),
    pod({
      volumes: [
        {
          name: 'a',
          downwardAPI: {
            items: [{ path: '' }, { path: '/x', fieldRef: { fieldPath: 'spec.nodeName' } }],
          },
        },
      ],
    }),
    pod({ volumes: [{ name: 'a', projected: { sources: [{}] } }] }),
    pod({
      volumes: [
        {
          name: 'a',
          projected: {
            sources: [
              { serviceAccountToken: { path: '', expirationSeconds: 5 } },
              { secret: {} },
              {
                configMap: {
                  name: 'x',
                  items: [
                    { key: 'k', path: 'p' },
                    { key: 'k', path: 'p' },
                  ],
                },
              },
            ],
          },
        },
      ],
    }),
    pod({ volumes: [{ name: 'a', csi: {} }] }),
    pod({ volumes: [{ name: 'a', csi: { driver: 'Bad_driver!' } }] }),
    pod({ volumes: [{ name: 'a', iscsi: {} }] }),
    pod({ volumes: [{ name: 'a', ephemeral: {} }] }),
    pod({ volumes: [{ name: 'a', ephemeral: { volumeClaimTemplate: { spec: {} } } }] }),
    pod({ volumes: [{ name: 'a', awsElasticBlockStore: {} }] }),
    pod({ volumes: [{ name: 'a', gcePersistentDisk: {} }] }),
    pod({ volumes: [{ name: 'a', gitRepo: {} }] }),
    pod({
      volumes: [
        { name: 'a', rbd: {} },
        { name: 'b', cephfs: {} },
        { name: 'c', fc: {} },
      ],
    }),
    pod({
      volumes: [
        { name: 'a', azureFile: {} },
        { name: 'b', azureDisk: {} },
        { name: 'c', flexVolume: {} },
      ],
    }),
    pod({ volumes: [{ name: 'a', image: {} }] }),
    pod({ volumes: [{ name: 'a', glusterfs: {} }] }),
  ]),
  list('volume mounts', [
    podWithContainer({ volumeMounts: [{}] }),
    podWithContainer({ volumeMounts: [{ name: 'nope', mountPath: '/a' }] }),
    podWithContainer(
      {
        volumeMounts: [
          { name: 'v', mountPath: '/a' },
          { name: 'v', mountPath: '/a' },
        ],
      },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      {
        volumeMounts: [
          { name: 'v', mountPath: '/a', subPath: '/abs' },
          { name: 'v', mountPath: '/b', subPath: '..' },
        ],
      },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'a', subPathExpr: 'b' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeMounts: [{ name: 'v', mountPath: '/a', mountPropagation: 'X' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeMounts: [{ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeMounts: [{ name: 'v', mountPath: 'a:b' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeMounts: [{ name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer(
      { volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] },
      { volumes: [{ name: 'v' }] },
    ),
    podWithContainer({ volumeDevices: [{}] }),
    podWithContainer(
      {
        volumeDevices: [{ name: 'v', devicePath: '/a' }],
        volumeMounts: [{ name: 'v', mountPath: '/a' }],
      },
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] },
    ),
  ]),
  list('security', [
    podWithContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    podWithContainer({ securityContext: { runAsUser: -1, runAsGroup: -1 } }),
    podWithContainer({
      securityContext: {
        capabilities: { add: ['CAP_SYS_ADMIN'] },
        allowPrivilegeEscalation: false,
      },
    }),
    podWithContainer({ securityContext: { procMount: 'X', seccompProfile: { type: 'X' } } }),
    podWithContainer({
      securityContext: {
        seccompProfile: { type: 'Localhost' },
        appArmorProfile: { type: 'Localhost' },
      },
    }),
    podWithContainer({
      securityContext: { seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'x' } },
    }),
    podWithContainer({ securityContext: { windowsOptions: { hostProcess: true } } }),
    pod({
      securityContext: { runAsUser: -1, fsGroup: -1, supplementalGroups: [-5], runAsGroup: -2 },
    }),
    pod({
      securityContext: {
        sysctls: [
          { name: '' },
          { name: 'A b', value: 'x' },
          { name: 'a.b', value: '1' },
          { name: 'a.b', value: '1' },
        ],
      },
    }),
    pod({
      securityContext: {
        fsGroupChangePolicy: 'X',
        supplementalGroupsPolicy: 'X',
        seccompProfile: { type: '' },
      },
    }),
    pod({ securityContext: { appArmorProfile: { type: 'X' } } }),
    pod({ hostUsers: false, hostNetwork: true }),
    pod({ hostPID: true, shareProcessNamespace: true }),
    pod({ os: { name: 'plan9' } }),
    pod({ os: { name: 'windows' }, hostPID: true, securityContext: { runAsUser: 1 } }),
    pod({ os: { name: 'linux' }, securityContext: { windowsOptions: { runAsUserName: 'x' } } }),
    pod({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' } }),
  ]),
  list('AppArmor', [
    ...['runtime/default', 'unconfined', 'localhost/x', 'localhost/', 'localhost', ''].map((said) =>
      podWithAppArmor(said),
    ),
    podWithAppArmor(undefined, { containers: [{ ...one, ...profile('RuntimeDefault') }] }),
    podWithAppArmor('unconfined', { containers: [{ ...one, ...profile('RuntimeDefault') }] }),
    podWithAppArmor('localhost/y', { containers: [{ ...one, ...profile('Localhost', 'x') }] }),
    podWithAppArmor('localhost/x', profile('Localhost', 'x')),
    podWithAppArmor('localhost/y', profile('Localhost', 'x')),
    podWithAppArmor('x', profile('RuntimeDefault')),
    podWithAppArmor('unconfined', { os: { name: 'windows' } }),
    podWithAppArmor(undefined, {
      containers: [{ image: 'busybox' }],
      ...profile('RuntimeDefault'),
    }),
  ]),
  creations('pods: old and empty fields of templates', 'deployments', [
    deployment(podWithAppArmor('runtime/default')),
    deployment(podWithAppArmor('runtime/default', profile('RuntimeDefault'))),
    deployment(pod({ runtimeClassName: '' })),
  ]),
  list('closed feature gates', [
    podWithProjection({ clusterTrustBundle: { name: 'n', path: 'p' } }),
    podWithProjection({ clusterTrustBundle: { path: '' } }, { configMap: { name: 'x' } }),
    podWithProjection({ podCertificate: {}, configMap: { name: 'x' } }),
    pod({ securityContext: { seLinuxChangePolicy: 'MountOption' } }),
    pod({ securityContext: { seLinuxChangePolicy: 'Recursive' } }),
    pod({ initContainers: [{ ...one, name: 'i', restartPolicyRules: [{ action: 'x' }] }] }),
    pod({ volumes: [{ name: 'v', flexVolume: { driver: 'a/b' }, hostPath: { path: '/x' } }] }),
  ]),
  list('affinity', [
    pod({
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    }),
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'a', operator: 'X' },
                  { key: 'b', operator: 'In' },
                  { key: 'c', operator: 'Exists', values: ['x'] },
                  { key: 'd', operator: 'Gt', values: ['1', '2'] },
                  { key: '', operator: 'Exists' },
                ],
              },
            ],
          },
        },
      },
    }),
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchFields: [
                  { key: 'metadata.labels', operator: 'In', values: ['a'] },
                  { key: 'metadata.name', operator: 'Exists' },
                ],
              },
            ],
          },
        },
      },
    }),
    pod({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 0,
              preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
            },
            { weight: 101, preference: {} },
          ],
        },
      },
    }),
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: '' },
            {
              topologyKey: 'a b',
              labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
              namespaces: ['A_b'],
            },
          ],
        },
      },
    }),
    pod({
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 200,
              podAffinityTerm: { topologyKey: 'z', labelSelector: { matchLabels: { 'a b': 'c' } } },
            },
          ],
        },
      },
    }),
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'z', matchLabelKeys: ['a'] },
          ],
        },
      },
    }),
    pod(
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              {
                topologyKey: 'z',
                labelSelector: { matchLabels: { x: 'y' } },
                matchLabelKeys: ['a'],
                mismatchLabelKeys: ['b'],
              },
            ],
          },
        },
      },
      { labels: { a: '1', b: '2' } },
    ),
    pod({ nodeSelector: { 'a b': 'c d' } }),
    pod({
      tolerations: [
        { key: 'a b' },
        { operator: 'X', key: 'a' },
        { value: 'x', operator: 'Exists', key: 'a' },
        {},
        { key: 'a', tolerationSeconds: 1 },
        { key: 'a', effect: 'X' },
        { key: 'a', value: 'b c' },
      ],
    }),
    pod({ topologySpreadConstraints: [{}] }),
    pod({
      topologySpreadConstraints: [
        {
          maxSkew: -1,
          topologyKey: 'a b',
          whenUnsatisfiable: 'X',
          minDomains: 0,
          nodeAffinityPolicy: 'X',
          nodeTaintsPolicy: 'Y',
          matchLabelKeys: ['q'],
        },
      ],
    }),
    pod({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 },
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
    }),
    pod({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'a',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { 'a b': 'c' } },
        },
      ],
    }),
  ]),
  list('the rest of the spec', [
    pod({ restartPolicy: 'Sometimes' }),
    pod({ restartPolicy: 'always' }),
    pod({ dnsPolicy: 'X' }),
    pod({ dnsPolicy: 'None' }),
    pod({
      dnsConfig: {
        nameservers: ['x', '1.1.1.1', '1.1.1.2', '1.1.1.3'],
        searches: ['A_b c'],
        options: [{}],
      },
    }),
    pod({ activeDeadlineSeconds: 0 }),
    pod({ terminationGracePeriodSeconds: -1 }),
    pod({ serviceAccountName: 'A_b' }),
    pod({ serviceAccountName: 'absent' }),
    pod({ nodeName: 'A_b' }),
    pod({ hostname: 'A_b', subdomain: 'C_d' }),
    pod({ hostAliases: [{ ip: 'x', hostnames: ['A_b'] }, {}] }),
    pod({ priorityClassName: 'absent' }),
    pod({ priority: 5 }),
    pod({ preemptionPolicy: 'X' }),
    pod({ runtimeClassName: 'A_b' }),
    pod({ runtimeClassName: 'absent' }),
    pod({ readinessGates: [{ conditionType: 'a b' }] }),
    pod({ imagePullSecrets: [{}] }),
    pod({ imagePullSecrets: [{ name: 'x' }, { name: 'x' }] }),
    pod({ schedulerName: '' }),
    pod({ schedulingGates: [{ name: 'a' }, { name: 'a' }, { name: 'b c' }] }),
    pod({ schedulingGates: [{ name: 'a' }], nodeName: 'x' }),
    pod({ setHostnameAsFQDN: true, hostnameOverride: 'A' }),
    pod({ enableServiceLinks: 'x' }),
    pod({ containers: 'x' }),
    pod({ terminationGracePeriodSeconds: '30' }),
    pod({ resourceClaims: [{ name: 'a' }] }),
    pod({ serviceAccount: 'default' }),
    pod(
      {},
      { generation: 7, uid: 'x', resourceVersion: '5', creationTimestamp: '2020-01-01T00:00:00Z' },
    ),
    pod({}, { deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 4 }),
  ]),
  changes(
    'pods: permitted changes',
    'pods',
    pod(
      {
        tolerations: [{ key: 'a', operator: 'Exists' }],
        initContainers: [{ name: 'i', image: 'x' }],
      },
      { name: 'change' },
    ),
    [
      (pod) => {
        pod.spec.containers[0].image = 'other';
      },
      (pod) => {
        pod.spec.initContainers[0].image = 'other';
      },
      (pod) => {
        pod.spec.containers[0].image = '';
      },
      (pod) => {
        pod.spec.containers[0].name = 'q';
      },
      (pod) => {
        pod.spec.containers.push({ name: 'new', image: 'x' });
      },
      (pod) => {
        pod.spec.tolerations.push({ key: 'b', operator: 'Exists' });
      },
      (pod) => {
        pod.spec.tolerations = [];
      },
      (pod) => {
        pod.spec.activeDeadlineSeconds = 100;
      },
      (pod) => {
        pod.spec.activeDeadlineSeconds = 200;
      },
      (pod) => {
        delete pod.spec.activeDeadlineSeconds;
      },
      (pod) => {
        pod.spec.terminationGracePeriodSeconds = 1;
      },
      (pod) => {
        pod.spec.nodeName = 'x';
      },
      (pod) => {
        pod.spec.restartPolicy = 'Never';
      },
      (pod) => {
        pod.spec.containers[0].resources = { requests: { cpu: '1' } };
      },
      (pod) => {
        pod.metadata.labels = { a: 'b' };
      },
      (pod) => {
        pod.metadata.labels = { a: 'b c' };
      },
      (pod) => {
        pod.metadata.finalizers = ['nodomain'];
      },
      (pod) => {
        pod.spec.schedulingGates = [{ name: 'x' }];
      },
      (pod) => {
        pod.status = { phase: 'Running' };
      },
      (pod) => {
        pod.metadata.uid = '11111111-1111-1111-1111-111111111111';
      },
      (pod) => {
        pod.metadata.name = 'else';
      },
      (pod) => {
        pod.metadata.namespace = 'else';
      },
      (pod) => {
        pod.metadata.resourceVersion = '1';
      },
      (pod) => {
        pod.metadata.resourceVersion = '';
      },
      (pod) => {
        pod.metadata.creationTimestamp = '2020-01-01T00:00:00Z';
      },
      (pod) => {
        pod.metadata.generation = 99;
      },
      (pod) => {
        pod.apiVersion = 'v2';
      },
      (pod) => {
        pod.kind = 'Service';
      },
    ],
  ),
  {
    name: 'pods: scheduling gates, ephemeral containers, resize, binding and status',
    run: async (api) => {
      const at = `${path(api, 'pods')}/sub`;

      await api.post(
        path(api, 'pods'),
        pod({ schedulingGates: [{ name: 'a' }, { name: 'b' }] }, { name: 'sub' }),
      );

      await api.patch(at, { spec: { nodeSelector: { a: 'b' } } }, 'merge');
      await api.patch(at, { spec: { schedulingGates: [{ name: 'a' }] } }, 'merge');
      await api.patch(at, { spec: { schedulingGates: [{ name: 'c' }] } }, 'merge');

      await api.post(`${at}/binding`, {
        metadata: { name: 'sub' },
        target: { kind: 'Node', name: 'n' },
      });

      await api.patch(at, { spec: { schedulingGates: null } }, 'merge');
      await api.patch(at, { spec: { nodeSelector: null } }, 'merge');
      await api.post(`${at}/binding`, { target: { kind: 'Node', name: 'n' } });
      await api.post(`${at}/binding`, { metadata: { name: 'sub' }, target: {} });

      await api.post(`${at}/binding`, {
        metadata: { name: 'sub' },
        target: { kind: 'Pod', name: 'n' },
      });

      await api.post(`${at}/binding`, {
        metadata: { name: 'sub' },
        target: { kind: 'Node', name: 'n' },
      });

      await api.post(`${at}/binding`, {
        metadata: { name: 'sub' },
        target: { kind: 'Node', name: 'n2' },
      });

      await api.patch(
        `${at}/ephemeralcontainers`,
        { spec: { ephemeralContainers: [{ name: 'dbg', image: 'x' }] } },
        'strategic',
      );

      await api.patch(
        `${at}/ephemeralcontainers`,
        {
          spec: {
            ephemeralContainers: [{ name: 'dbg2', image: 'x', ports: [{ containerPort: 1 }] }],
          },
        },
        'strategic',
      );

      await api.patch(
        `${at}/ephemeralcontainers`,
        { spec: { ephemeralContainers: [{ name: 'dbg2', image: 'x', lifecycle: {} }] } },
        'strategic',
      );

      await api.patch(
        `${at}/ephemeralcontainers`,
        { spec: { ephemeralContainers: [{ name: 'c', image: 'x' }] } },
        'strategic',
      );

      await api.patch(
        `${at}/ephemeralcontainers`,
        {
          spec: {
            ephemeralContainers: [{ name: 'dbg3', image: 'x', targetContainerName: 'absent' }],
          },
        },
        'strategic',
      );

      await api.patch(
        `${at}/ephemeralcontainers`,
        { spec: { ephemeralContainers: null } },
        'merge',
      );

      await api.patch(
        `${at}/resize`,
        { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } },
        'strategic',
      );

      await api.patch(`${at}/status`, { status: { phase: 'Running', podIP: '10.0.0.1' } }, 'merge');
      await api.patch(`${at}/status`, { status: { phase: 'X' } }, 'merge');
      await api.patch(`${at}/status`, { status: { podIP: 'x' } }, 'merge');

      await api.patch(
        `${at}/status`,
        { metadata: { labels: { s: 't' } }, spec: { nodeName: 'else' } },
        'merge',
      );

      await api.delete(at, { gracePeriodSeconds: 20 });
      await api.delete(at, { gracePeriodSeconds: 30 });
      await api.delete(at, { gracePeriodSeconds: 10 });
      await api.patch(at, { metadata: { finalizers: ['a.b/c'] } }, 'merge');
      await api.delete(at, { gracePeriodSeconds: 0 });
      await api.get(at);
      await api.delete(at);
    },
  },
];
