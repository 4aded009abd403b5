/** Suffixes with which the name of a Service and its namespace are a host. */
const DOMAINS = ['', '.svc', '.svc.cluster.local'];

/** Keys of a VirtualService below which a host stands to which requests are sent. */
const DESTINATIONS = new Set(['destination', 'mirror']);

/** The name of Istio's sidecars where VirtualServices name gateways. */
const SIDECARS = 'mesh';

/** Returns those hosts that name a Service, or its short name. */
export function hostsOfService(hosts: unknown, service: string, namespace: string): string[] {
  const own = new Set([service, ...DOMAINS.map((domain) => `${service}.${namespace}${domain}`)]);
  const kept = (Array.isArray(hosts) ? hosts : []).filter((host) => own.has(host));

  return kept.length > 0 ? kept : [service];
}

/** Whether a host names a Service of a namespace. */
function isInNamespace(host: unknown, namespace: string): boolean {
  if (typeof host !== 'string') {
    return false;
  }

  const [name = '', ...rest] = host.split('.');
  const domain = rest.join('.');

  return (
    name !== '' &&
    (rest.length === 0 || DOMAINS.some((suffix) => domain === `${namespace}${suffix}`))
  );
}

function isOwnGateway(gateway: unknown, namespace: string): boolean {
  const name = String(gateway);
  return name === SIDECARS || !name.includes('/') || name.startsWith(`${namespace}/`);
}

/** Says what is wrong with one field of an object; undefined for nothing. */
function problemWith(key: string, value: unknown, namespace: string): string | undefined {
  const { host, namespace: of } = (value ?? {}) as { host?: unknown; namespace?: unknown };

  if (DESTINATIONS.has(key) && !isInNamespace(host, namespace)) {
    return `${key}.host must name a Service of this namespace, not ${JSON.stringify(host)}`;
  }
  if (key === 'delegate' && of !== undefined && of !== '' && of !== namespace) {
    return `delegate.namespace must be this namespace, not ${JSON.stringify(of)}`;
  }

  const gateways = key === 'gateways' && Array.isArray(value) ? value : [];
  const foreign = gateways.find((gateway) => !isOwnGateway(gateway, namespace));

  return foreign === undefined
    ? undefined
    : `gateways must be of this namespace, not ${JSON.stringify(foreign)}`;
}

/**
 * Says which part of a VirtualService's spec reaches out of a namespace: users may write Strategies
 * who may not write VirtualServices. Undefined when there is none.
 */
export function foreignPart(spec: unknown, namespace: string): string | undefined {
  const waiting: unknown[] = [spec];

  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) {
      continue;
    }

    for (const [key, inner] of Object.entries(value)) {
      const problem = problemWith(key, inner, namespace);
      if (problem !== undefined) {
        return problem;
      }

      // An undefined value would end the loop; JSON has none.
      waiting.push(inner ?? null);
    }
  }

  return undefined;
}
