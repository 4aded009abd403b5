import { join } from 'node:path';
import type { Kubernetes } from '../backend/kubernetes.ts';
import type { Options } from '../config/options.ts';
import type { AdminResult } from './admin.ts';

/** What the greeting shows. */
export interface Started {
  options: Options;
  kubernetes: Kubernetes;
  admin: AdminResult;
  port: number;
  ms: number;
}

function credentials({ options, kubernetes, admin }: Started): string[] {
  if (admin.generated === undefined) {
    return ['  user:        admin'];
  }

  const place = kubernetes.embedded
    ? join(options.dataDir, 'admin-password')
    : 'Secret kubesphere-system/ks-apiserver-secrets';

  return [
    '  user:        admin',
    `  password:    ${admin.generated}   (shown this once; kept in ${place})`,
  ];
}

/** Returns the URL of the KubeSphere API for somebody on this machine. */
export function originOf(bindAddress: string, port: number): string {
  const host = bindAddress === '0.0.0.0' || bindAddress === '::' ? '127.0.0.1' : bindAddress;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns the lines that tell a newcomer where everything is and what to type next. */
export function greeting(started: Started): string[] {
  const { options, kubernetes, port, ms } = started;
  const origin = originOf(options.bindAddress, port);

  const lines = [
    `ks-apiserver is ready after ${Math.round(ms)} ms`,
    '',
    `  KubeSphere:  ${origin}`,
  ];

  if (kubernetes.embedded) {
    lines.push(
      `  Kubernetes:  ${kubernetes.embedded.url}`,
      `  kubeconfig:  ${kubernetes.embedded.kubeconfig}`,
    );
  }

  lines.push(...credentials(started), '', 'Next:', '');

  if (kubernetes.embedded) {
    const kubectl = `kubectl --kubeconfig ${kubernetes.embedded.kubeconfig} -n kubesphere-system`;
    lines.push(
      `  ${kubectl} patch service ks-apiserver -p '{"spec":{"type":"NodePort"}}'`,
      `  ${kubectl} get svc`,
    );
  }

  lines.push(
    `  curl -X POST -H 'Content-Type: application/x-www-form-urlencoded' '${origin}/oauth/token' \\`,
    "    --data-urlencode 'grant_type=password' --data-urlencode 'username=admin' --data-urlencode 'password=…'",
    `  curl -H "Authorization: Bearer $TOKEN" '${origin}/kapis/resources.kubesphere.io/v1alpha3/nodes'`,
    '',
  );

  return lines;
}
