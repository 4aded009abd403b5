import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend } from '../../storage/backend.ts';
import { WebhookCallError, type WebhookTarget } from './client.ts';

/** Where a webhook is (admissionregistration/v1 WebhookClientConfig). */
export interface ClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /**
   * Base64 of the PEM of the CAs that its certificate is verified with; without it the system's
   * CAs.
   */
  caBundle?: string;
}

interface Endpoints {
  subsets?: { addresses?: { ip: string }[]; ports?: { name?: string; port: number }[] }[];
}

/**
 * An address of a Service: without a cluster network only the addresses in its Endpoints can be
 * reached.
 */
function endpointOf(
  backend: Backend,
  namespace: string,
  name: string,
  port: number,
): { host: string; port: number } {
  const service = backend.get(`/registry/core/services/${namespace}/${name}`)?.shared<KubeObject>();
  if (!service) {
    throw new WebhookCallError(`service ${JSON.stringify(name)} not found`);
  }

  const { type, externalName, ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') {
    return { host: externalName, port };
  }

  const wanted = (ports as { name?: string; port: number }[]).find((item) => item.port === port);
  if (!wanted) {
    throw new WebhookCallError(`no service port ${port} found for service ${JSON.stringify(name)}`);
  }

  const endpoints = backend
    .get(`/registry/core/endpoints/${namespace}/${name}`)
    ?.shared<KubeObject & Endpoints>();

  for (const subset of endpoints?.subsets ?? []) {
    const found = subset.ports?.find((item) => (item.name ?? '') === (wanted.name ?? ''));
    const ip = subset.addresses?.[0]?.ip;
    if (found && ip) {
      return { host: ip, port: found.port };
    }
  }

  throw new WebhookCallError(`no endpoints available for service ${JSON.stringify(name)}`);
}

/**
 * The target of calls to a webhook; throws a WebhookCallError where its Service cannot be reached.
 */
export function targetOf(
  { url, service, caBundle }: ClientConfig,
  backend: Backend,
): WebhookTarget {
  const ca = caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {};

  if (!service) {
    if (!url || !URL.canParse(url)) {
      throw new WebhookCallError('webhook configuration must have either service or URL');
    }

    const target = new URL(url);
    if (target.protocol !== 'https:') {
      throw new WebhookCallError('a webhook is called over https only');
    }

    return { url: target, ...ca };
  }

  const port = service.port ?? 443;
  const serverName = `${service.name}.${service.namespace}.svc`;
  const target = new URL(`https://${serverName}:${port}`);

  target.pathname = service.path ?? '/';

  return {
    url: target,
    serverName,
    connect: () => endpointOf(backend, service.namespace, service.name, port),
    ...ca,
  };
}
