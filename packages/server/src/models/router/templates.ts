import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

const IMAGE = 'registry.k8s.io/ingress-nginx/controller:v1.11.3';
const MESH = 'servicemesh.kubesphere.io/enabled';

/** The type of a project's router, and annotations of its Service. */
export interface RouterOptions {
  type: 'LoadBalancer' | 'NodePort';
  annotations: Record<string, string>;
}

/** Returns the name of a project's router: of its Service and its Deployment. */
export function routerName(project: string): string {
  return `kubesphere-router-${project}`;
}

function labels(project: string): Record<string, string> {
  return { app: 'kubesphere', component: 'ks-router', tier: 'backend', project };
}

/**
 * Whether an object with the router's name belongs to a project, and not to a gateway that another
 * controller manages.
 */
export function isRouterOf(project: string, { metadata }: KubeObject): boolean {
  const isKept = metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
  const { project: labelled = project } = metadata.labels ?? {};

  return labelled === project && !isKept;
}

/** Makes the Service of a project's router. */
export function routerService(project: string, { type, annotations }: RouterOptions): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: routerName(project),
      namespace: CONTROLS_NAMESPACE,
      labels: labels(project),
      annotations,
    },
    spec: {
      type,
      selector: labels(project),
      ports: [
        { name: 'http', protocol: 'TCP', port: 80, targetPort: 80 },
        { name: 'https', protocol: 'TCP', port: 443, targetPort: 443 },
      ],
    },
  };
}

/** Returns the arguments of the ingress controller, which watches only one project. */
export function routerArguments(project: string, type: RouterOptions['type']): string[] {
  const name = routerName(project);

  return [
    '/nginx-ingress-controller',
    '--annotations-prefix=nginx.ingress.kubernetes.io',
    '--watch-ingress-without-class=true',
    `--configmap=$(POD_NAMESPACE)/${name}-nginx`,
    `--watch-namespace=${project}`,
    `--election-id=${name}`,
    type === 'LoadBalancer'
      ? `--publish-service=${CONTROLS_NAMESPACE}/${name}`
      : '--report-node-internal-ip-address',
  ];
}

/**
 * Returns the annotation of the router's pods: the service mesh includes them only if the router is
 * to be part of it.
 */
export function meshAnnotation(annotations: Record<string, string>): Record<string, string> {
  return { 'sidecar.istio.io/inject': annotations[MESH] === 'true' ? 'true' : 'false' };
}

const fieldEnv = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** Makes the Deployment of a project's router. */
export function routerDeployment(
  project: string,
  { type, annotations }: RouterOptions,
): KubeObject {
  const healthz = { path: '/healthz', port: 10254, scheme: 'HTTP' };

  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: routerName(project), namespace: CONTROLS_NAMESPACE, labels: labels(project) },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels(project) },
      template: {
        metadata: { labels: labels(project), annotations: meshAnnotation(annotations) },
        spec: {
          serviceAccountName: 'kubesphere-router-serviceaccount',
          terminationGracePeriodSeconds: 60,
          containers: [
            {
              name: 'nginx-ingress-controller',
              image: IMAGE,
              args: routerArguments(project, type),
              env: [
                fieldEnv('POD_NAME', 'metadata.name'),
                fieldEnv('POD_NAMESPACE', 'metadata.namespace'),
              ],
              ports: [
                { name: 'http', containerPort: 80 },
                { name: 'https', containerPort: 443 },
              ],
              livenessProbe: { httpGet: healthz, initialDelaySeconds: 10, timeoutSeconds: 5 },
              readinessProbe: { httpGet: healthz, timeoutSeconds: 5 },
              securityContext: {
                capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
                runAsUser: 101,
              },
            },
          ],
        },
      },
    },
  };
}
