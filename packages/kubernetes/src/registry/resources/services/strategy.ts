import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import type { Backend } from '../../../storage/backend.ts';
import { invalidObjectError } from '../../store/metadata.ts';
import { listOf, type ServicePort } from '../core-types.ts';
import type { Strategy, WriteContext } from '../strategy.ts';
import { type ClusterIpRange, ipv4Number, ipv4Text } from './cluster-ip-range.ts';
import type { NumberPool } from './number-pool.ts';

const SERVICES_PREFIX = '/registry/core/services/';

/**
 * Allocates the cluster IPs and node ports of Services, and releases them when a Service changes or
 * is deleted.
 */
export class ServiceAllocations {
  readonly #ips: ClusterIpRange;
  readonly #ports: NumberPool;

  constructor(ips: ClusterIpRange, ports: NumberPool) {
    this.#ips = ips;
    this.#ports = ports;
  }

  /** Allocates the numbers of the stored Services, and follows their events. */
  start(backend: Backend): () => void {
    for (const stored of backend.range({ prefix: SERVICES_PREFIX })) {
      const { ips, ports } = heldBy(stored.shared<KubeObject>());
      for (const ip of ips) {
        this.#ips.pool.take(ip);
      }

      for (const port of ports) {
        this.#ports.take(port);
      }
    }

    return backend.onCommit((events) => {
      for (const { key, type, object, previous } of events) {
        if (!previous || !key.startsWith(SERVICES_PREFIX)) {
          continue;
        }

        const before = heldBy(previous.shared<KubeObject>());
        const after =
          type === 'DELETED' ? { ips: [], ports: [] } : heldBy(object.shared<KubeObject>());
        const [ips, ports] = [new Set(after.ips), new Set(after.ports)];
        for (const ip of before.ips) {
          if (!ips.has(ip)) {
            this.#ips.pool.release(ip);
          }
        }

        for (const port of before.ports) {
          if (!ports.has(port)) {
            this.#ports.release(port);
          }
        }
      }
    });
  }

  /**
   * Allocates the address and ports that a Service lacks; throws a StatusError 422 when one that it
   * names is not available.
   */
  allocate(object: KubeObject, old: KubeObject | undefined, context: WriteContext): void {
    const before = old ? heldBy(old) : { ips: [], ports: [] };
    const taken: [NumberPool, number][] = [];

    const giveBack = () => {
      for (const [pool, number] of taken.splice(0)) {
        pool.release(number);
      }
    };

    context.rollbacks.push(giveBack);

    const refuse = (field: string, value: unknown, detail: string): Error =>
      invalidObjectError(context.type, object.metadata.name, [invalidValue(field, value, detail)]);

    const { spec } = object;
    const { clusterIP = '', clusterIPs = [] } = spec;

    // Contradictory fields are reported by the validation.
    const isSound =
      clusterIP === ''
        ? clusterIPs.length === 0
        : clusterIPs.length === 0 || clusterIPs[0] === clusterIP;

    if (isSound && spec.type !== 'ExternalName' && clusterIP !== 'None') {
      if (spec.clusterIP) {
        const number = ipv4Number(spec.clusterIP);

        const fail = (why: string) =>
          refuse(
            'spec.clusterIPs',
            [spec.clusterIP],
            `failed to allocate IP ${spec.clusterIP}: ${why}`,
          );

        if (number !== undefined && !before.ips.includes(number)) {
          if (!this.#ips.pool.has(number)) {
            throw fail('the provided network does not match the current range');
          }
          if (!this.#ips.pool.take(number)) {
            throw fail('provided IP is already allocated');
          }

          taken.push([this.#ips.pool, number]);
        }
      } else {
        const number = this.#ips.pool.pick();
        if (number === undefined) {
          throw internalError('failed to allocate a serviceIP: range is full');
        }

        taken.push([this.#ips.pool, number]);
        spec.clusterIP = ipv4Text(number);
      }

      spec.clusterIPs = [spec.clusterIP];
    }

    if (!needsNodePorts(spec)) {
      return;
    }

    if (needsHealthCheck(spec) && !spec.healthCheckNodePort) {
      const number = this.#ports.pick();
      if (number === undefined) {
        throw internalError('failed to allocate a healthCheckNodePort: range is full');
      }

      taken.push([this.#ports, number]);
      spec.healthCheckNodePort = number;
    }

    const given = new Map<number, string>();
    const held = new Set(before.ports);
    (spec.ports ?? []).forEach((port: ServicePort, index: number) => {
      const field = `spec.ports[${index}].nodePort`;

      if (port.nodePort) {
        const protocol = port.protocol ?? 'TCP';
        const shared = given.has(port.nodePort) && given.get(port.nodePort) !== protocol;

        given.set(port.nodePort, protocol);

        if (held.has(port.nodePort) || shared) {
          return;
        }

        if (!this.#ports.has(port.nodePort)) {
          throw refuse(
            field,
            port.nodePort,
            `provided port is not in the valid range. The range of valid ports is ${this.#ports.first}-${this.#ports.last}`,
          );
        }

        if (!this.#ports.take(port.nodePort)) {
          throw refuse(field, port.nodePort, 'provided port is already allocated');
        }

        taken.push([this.#ports, port.nodePort]);
      } else if (spec.allocateLoadBalancerNodePorts !== false || spec.type === 'NodePort') {
        const number = this.#ports.pick();
        if (number === undefined) {
          throw internalError('failed to allocate a nodePort: range is full');
        }

        taken.push([this.#ports, number]);
        port.nodePort = number;
        given.set(number, port.protocol ?? 'TCP');
      }
    });
  }
}

function needsNodePorts(spec: KubeObject['spec']): boolean {
  return spec?.type === 'NodePort' || spec?.type === 'LoadBalancer';
}

function needsHealthCheck(spec: KubeObject['spec']): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** The numbers that a Service holds. */
function heldBy({ spec = {} }: KubeObject): { ips: number[]; ports: number[] } {
  const texts: string[] = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const ips = texts.map(ipv4Number).filter((number) => number !== undefined);

  const ports = [
    ...listOf<ServicePort>(spec.ports).map(({ nodePort }) => nodePort ?? 0),
    Number(spec.healthCheckNodePort ?? 0),
  ].filter((port) => port > 0);

  return { ips, ports };
}

/** Sets the defaults of decoding (Kubernetes core/v1 SetDefaults_Service). */
function setServiceDefaults(spec: KubeObject['spec']): void {
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  for (const port of listOf<ServicePort>(spec.ports)) {
    port.protocol ??= 'TCP';
    port.targetPort ??= port.port;
  }

  if (spec.type === 'ExternalName') {
    // Left as it is for the validation to refuse.
    if (spec.clusterIP && !spec.clusterIPs) {
      spec.clusterIPs = [spec.clusterIP];
    }

    return;
  }

  spec.internalTrafficPolicy ??= 'Cluster';
  if (needsNodePorts(spec)) {
    spec.externalTrafficPolicy ??= 'Cluster';
  }
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
  }
}

/** Sets the fields that the server chooses with the addresses. */
function setFamilies(spec: KubeObject['spec']): void {
  if (spec.type === 'ExternalName') {
    return;
  }

  // A headless Service without a selector may have endpoints of any family.
  const any =
    spec.clusterIP === 'None' && !spec.selector && !spec.ipFamilies && !spec.ipFamilyPolicy;
  spec.ipFamilies ??= any ? ['IPv4', 'IPv6'] : ['IPv4'];
  spec.ipFamilyPolicy ??= any ? 'RequireDualStack' : 'SingleStack';
  if (spec.clusterIP === 'None') {
    spec.clusterIPs ??= ['None'];
  }
}

/** Refuses what a cluster with one IPv4 range does not support; throws a StatusError 422. */
function checkFamilies({ metadata, spec }: KubeObject, context: WriteContext): void {
  if (spec.type === 'ExternalName') {
    return;
  }

  const refuse = (field: string, value: unknown, why: string) =>
    invalidObjectError(context.type, metadata.name, [invalidValue(field, value, why)]);

  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    throw refuse(
      'spec.ipFamilyPolicy',
      'RequireDualStack',
      'this cluster is not configured for dual-stack services',
    );
  }

  const index = listOf<string>(spec.ipFamilies).indexOf('IPv6');
  if (index >= 0) {
    throw refuse(`spec.ipFamilies[${index}]`, 'IPv6', 'not configured on this cluster');
  }
}

/** Restores numbers that a client that does not know them left out. */
function keepAllocated(spec: KubeObject['spec'], old: KubeObject['spec']): void {
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName' && !spec.clusterIP) {
    spec.clusterIP = old.clusterIP;
    spec.clusterIPs = old.clusterIPs;
  } else if (spec.clusterIP !== old.clusterIP && equalJson(spec.clusterIPs, old.clusterIPs)) {
    // A client that knows only clusterIP changed it.
    spec.clusterIPs = [spec.clusterIP];
  }

  if (!needsNodePorts(spec) || !needsNodePorts(old)) {
    return;
  }

  const used = new Set(listOf<ServicePort>(spec.ports).map(({ nodePort }) => nodePort));
  const identity = ({ port, protocol = 'TCP' }: ServicePort) => `${port}/${protocol}`;
  const byIdentity = new Map(listOf<ServicePort>(old.ports).map((port) => [identity(port), port]));

  for (const port of listOf<ServicePort>(spec.ports)) {
    if (port.nodePort) {
      continue;
    }

    const was = byIdentity.get(identity(port));
    if (was?.nodePort && !used.has(was.nodePort)) {
      port.nodePort = was.nodePort;
    }
  }
}

/** Drops fields of the old type that the client did not set to new values. */
function dropTypeDependent(spec: KubeObject['spec'], old: KubeObject['spec']): void {
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName') {
    for (const field of [
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
      'internalTrafficPolicy',
    ]) {
      delete spec[field];
    }
  }

  if (needsNodePorts(old) && !needsNodePorts(spec)) {
    const before = new Set(listOf<ServicePort>(old.ports).map(({ nodePort }) => nodePort));

    for (const port of listOf<ServicePort>(spec.ports)) {
      if (before.has(port.nodePort)) {
        delete port.nodePort;
      }
    }

    delete spec.externalTrafficPolicy;
    delete spec.healthCheckNodePort;
  }

  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    delete spec.allocateLoadBalancerNodePorts;
    delete spec.loadBalancerClass;
  }
}

/** The strategy of Services. */
export function serviceStrategy(allocations: ServiceAllocations): Strategy {
  return {
    returnsDeleted: true,
    createOnUpdate: true,
    fields: ({ spec = {} }) => ({
      'spec.clusterIP': spec.clusterIP ?? '',
      'spec.type': spec.type ?? '',
    }),
    decode(object, _old, context) {
      if (context.subresource === 'status') {
        return;
      }

      object.spec ??= {};
      setServiceDefaults(object.spec);
    },
    prepareForCreate(object, context) {
      object.status = { loadBalancer: {} };
      checkFamilies(object, context);
      setFamilies(object.spec);
      allocations.allocate(object, undefined, context);
    },
    prepareForUpdate(object, old, context) {
      if (context.subresource === 'status') {
        return;
      }

      dropTypeDependent(object.spec, old.spec);
      keepAllocated(object.spec, old.spec);
      setServiceDefaults(object.spec);
      setFamilies(object.spec);
      allocations.allocate(object, old, context);
    },
  };
}
