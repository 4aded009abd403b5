import { countName } from '@ks-apiserver/apimachinery/quota/usage';

const POD_LIMITS = new Set([
  'pods',
  ...['', 'requests.', 'limits.'].flatMap((prefix) =>
    ['cpu', 'memory', 'ephemeral-storage'].map((name) => `${prefix}${name}`),
  ),
]);

const SERVICE_LIMITS = new Set(['services', 'services.nodeports', 'services.loadbalancers']);
const CLAIM_LIMITS = ['persistentvolumeclaims', 'requests.storage'];

/** Resources with limits named after them, older than `count/…`. */
const NAMED = new Set(['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas']);

/** Resources that no quota counts. */
const IGNORED = new Set(['events', 'events.events.k8s.io', 'bindings']);

const isExtended = (name: string) =>
  name.startsWith('requests.') &&
  name.includes('/') &&
  !name.includes('storageclass.storage.k8s.io/');

/** Whether a limit of a ResourceQuota counts objects of a resource. */
export function limitsResource(name: string, group: string, resource: string): boolean {
  if (IGNORED.has(group === '' ? resource : `${resource}.${group}`)) {
    return false;
  }
  if (name === countName(group, resource)) {
    return true;
  }
  if (group !== '') {
    return false;
  }
  if (resource === 'pods') {
    return POD_LIMITS.has(name) || /^(requests\.)?hugepages-/.test(name) || isExtended(name);
  }
  if (resource === 'services') {
    return SERVICE_LIMITS.has(name);
  }

  if (resource === 'persistentvolumeclaims') {
    return CLAIM_LIMITS.some(
      (limit) => name === limit || name.endsWith(`.storageclass.storage.k8s.io/${limit}`),
    );
  }

  return NAMED.has(resource) && name === resource;
}

/**
 * The resource that a limit counts, as `group/resource`; undefined for a name that counts nothing.
 */
export function limitedResource(name: string): string | undefined {
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    const found = `${group.join('.')}/${resource}`;
    return limitsResource(name, group.join('.'), resource) ? found : undefined;
  }

  const core = ['pods', 'services', 'persistentvolumeclaims', ...NAMED];
  const resource = core.find((candidate) => limitsResource(name, '', candidate));

  return resource && `/${resource}`;
}
