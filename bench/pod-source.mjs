// Realistic pods, for the sections of the benchmark that read many.

const NAMESPACES = 100;
const PHASES = ['Running', 'Running', 'Running', 'Pending', 'Failed'];

/** Returns the namespace of the pod with a number. */
export const namespaceOf = (i) => `bench-${i % NAMESPACES}`;

const words = (i, count) =>
  Array.from({ length: count }, (_, k) => `value-${(i * 31 + k * 17) % 9973}`).join(' ');

/**
 * Returns a pod of about `bytes` bytes: containers with environment, volumes, conditions and
 * statuses.
 */
export function podOf(i, bytes) {
  const env = [];

  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${i}`,
      namespace: namespaceOf(i),
      labels: {
        app: `app-${i % 500}`,
        tier: i % 10 === 0 ? 'web' : 'back',
        'pod-template-hash': `h${i % 1000}`,
      },
      annotations: { 'bench.example.com/note': words(i, 10) },
    },
    spec: {
      nodeName: `node-${i % 200}`,
      containers: [
        {
          name: 'main',
          image: `registry.example.com/team-${i % 50}/app-${i % 500}:v${i % 7}`,
          env,
          resources: {
            requests: { cpu: '100m', memory: '128Mi' },
            limits: { cpu: '1', memory: '1Gi' },
          },
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `claim-${i}` } }],
    },
    status: {
      phase: PHASES[i % PHASES.length],
      podIP: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
    },
  };

  for (let size = JSON.stringify(pod).length, k = 0; size < bytes - 900; k++) {
    const one = { name: `VARIABLE_${k}`, value: words(i + k, 8) };
    env.push(one);
    size += JSON.stringify(one).length + 1;
  }

  return pod;
}
