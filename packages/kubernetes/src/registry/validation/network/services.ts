import { isIPv6 } from 'node:net';
import {
  cidrErrors,
  ipErrors,
  portNumberErrors,
} from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each, repetition } from '../causes.ts';
import { protocols } from '../pods/containers.ts';
import { validatePort } from '../pods/probes.ts';
import type { Validator } from '../validator.ts';
import { validateEndpointIp } from './endpoints.ts';

const isHeadless = ({ clusterIPs = [] }: Fields) =>
  clusterIPs.length === 1 && clusterIPs[0] === 'None';

const isExternal = (spec: Fields) =>
  spec.type === 'LoadBalancer' ||
  spec.type === 'NodePort' ||
  (spec.type === 'ClusterIP' && spec.externalIPs?.length > 0);

const needsHealthCheck = (spec: Fields) =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

function validateByType(spec: Fields, out: Causes): void {
  const { type, clusterIPs = [], ipFamilies = [], externalName = '' } = spec;
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    out.required('spec.ports');
  }
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    out.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`);
  }
  if (type !== 'ExternalName') {
    return;
  }

  const why = 'may not be set for ExternalName services';

  if (clusterIPs.length > 0) {
    out.forbidden('spec.clusterIPs', why);
  }
  if (ipFamilies.length > 0) {
    out.forbidden('spec.ipFamilies', why);
  }
  if (spec.ipFamilyPolicy !== undefined) {
    out.forbidden('spec.ipFamilyPolicy', why);
  }

  const name = externalName.replace(/\.$/, '');
  if (name === '') {
    out.required('spec.externalName');
  } else {
    out.dnsSubdomain('spec.externalName', name);
  }
}

function validateServicePorts(list: readonly Fields[], out: Causes): void {
  const names = new Set<string>();
  each(list, 'spec.ports', ({ name = '', port = 0, protocol, targetPort, appProtocol }, path) => {
    if (name === '') {
      if (list.length > 1) {
        out.required(`${path}.name`);
      }
    } else {
      out.dnsLabel(`${path}.name`, name);

      if (names.has(name)) {
        out.duplicate(`${path}.name`, name);
      }

      names.add(name);
    }

    out.each(`${path}.port`, port, portNumberErrors(port));
    out.oneOf(`${path}.protocol`, protocol, protocols);
    validatePort(targetPort, `${path}.targetPort`, out);

    if (appProtocol !== undefined) {
      out.qualifiedName(`${path}.appProtocol`, appProtocol);
    }
  });
}

function validateAffinity(spec: Fields, out: Causes): void {
  const { sessionAffinity: kind, sessionAffinityConfig: config } = spec;
  out.oneOf('spec.sessionAffinity', kind, ['ClientIP', 'None']);

  const field = 'spec.sessionAffinityConfig';

  if (kind === 'None' && config !== undefined) {
    out.forbidden(field, 'must not be set when session affinity is None');
  }
  if (kind !== 'ClientIP') {
    return;
  }

  const seconds = config?.clientIP?.timeoutSeconds;
  const why = 'when session affinity type is ClientIP';

  if (config === undefined) {
    out.required(field, why);
  } else if (config.clientIP === undefined) {
    out.required(`${field}.clientIP`, why);
  } else if (seconds === undefined) {
    out.required(`${field}.clientIP.timeoutSeconds`, why);
  } else if (seconds <= 0 || seconds > 86_400) {
    out.invalid(
      `${field}.clientIP.timeoutSeconds`,
      seconds,
      'must be greater than 0 and less than 86400',
    );
  }
}

function validateClusterIps(spec: Fields, old: Fields | undefined, out: Causes): void {
  if (spec.type === 'ExternalName') {
    return;
  }

  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const field = 'spec.clusterIPs';

  if (clusterIP !== '') {
    if (clusterIPs.length === 0) {
      out.required(field);
    } else if (clusterIPs[0] !== clusterIP) {
      out.invalid(field, clusterIPs, 'first value must match `clusterIP`');
    }
  } else if (clusterIPs.length > 0) {
    out.invalid(field, clusterIPs, 'must be empty when `clusterIP` is not specified');
  }

  const isRepeated = repetition();
  each<string>(ipFamilies, 'spec.ipFamilies', (family, path) => {
    out.supported(path, family, ['IPv4', 'IPv6']);
    if (isRepeated(family)) {
      out.duplicate(path, family);
    }
  });

  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

  if (ipFamilyPolicy !== undefined) {
    out.supported('spec.ipFamilyPolicy', ipFamilyPolicy, policies);
  }

  const before = new Set<string>(old?.clusterIPs);
  let invalid = false;
  each<string>(clusterIPs, field, (address, path, index) => {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length === 1) {
        return;
      }

      invalid = true;
      out.invalid(field, clusterIPs, "'None' must be the first and only value");

      return;
    }

    const errors = before.has(address) ? [] : ipErrors(address);
    invalid ||= errors.length > 0;
    out.each(path, address, errors);
  });

  if (clusterIPs.length > 2) {
    out.invalid(field, clusterIPs, 'may only hold up to 2 values');
  }
  if (invalid) {
    return;
  }

  const sixes = clusterIPs.filter((address: string) => isIPv6(address)).length;
  if (clusterIPs.length > 1 && (sixes === 0 || sixes === clusterIPs.length)) {
    out.invalid(field, clusterIPs, 'may specify no more than one IP for each IP family');
  }
  if (isHeadless(spec)) {
    return;
  }

  each<string>(clusterIPs, field, (address, path, index) => {
    const family = ipFamilies[index];
    if (family === undefined || (family === 'IPv6') === isIPv6(address)) {
      return;
    }

    out.invalid(
      path,
      address,
      `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
    );
  });
}

/** Ports as messages print them: with the names of Kubernetes' internal types. */
const shownPort = ({ protocol, port }: Fields) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

function validateUniquePorts(spec: Fields, out: Causes): void {
  const [nodePorts, pairs] = [new Set<string>(), new Set<string>()];

  if (spec.type === 'ClusterIP') {
    each(spec.ports, 'spec.ports', ({ nodePort }, path) => {
      if (nodePort) {
        out.forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'");
      }
    });
  }

  each(spec.ports, 'spec.ports', ({ nodePort, protocol }, path) => {
    if (!nodePort) {
      return;
    }

    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) {
      out.duplicate(`${path}.nodePort`, nodePort);
    }

    nodePorts.add(key);
  });

  each(spec.ports, 'spec.ports', (port, path) => {
    const key = `${port.protocol}/${port.port}`;
    if (pairs.has(key)) {
      out.duplicate(path, shownPort(port));
    }

    pairs.add(key);
  });
}

const ofLoadBalancers = "may only be used when `type` is 'LoadBalancer'";

function validateLoadBalancer(spec: Fields, annotations: Fields, out: Causes): void {
  const isBalancer = spec.type === 'LoadBalancer';
  const { loadBalancerSourceRanges: ranges = [], loadBalancerClass } = spec;
  const annotation: string | undefined =
    annotations['service.beta.kubernetes.io/load-balancer-source-ranges'];

  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';

    if (!isBalancer) {
      out.forbidden(field, ofLoadBalancers);
    }

    each<string>(ranges, field, (range, path) =>
      out.each(path, range.trim(), cidrErrors(range.trim())),
    );
  } else if (annotation !== undefined) {
    const field = 'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]';

    if (!isBalancer) {
      out.forbidden(field, ofLoadBalancers);
    }

    for (const range of annotation.trim() === '' ? [] : annotation.split(',')) {
      out.each(field, range.trim(), cidrErrors(range.trim()));
    }
  }

  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) {
    out.forbidden('spec.allocateLoadBalancerNodePorts', ofLoadBalancers);
  }
  if (loadBalancerClass === undefined) {
    return;
  }

  if (isBalancer) {
    out.qualifiedName('spec.loadBalancerClass', loadBalancerClass);
  } else {
    out.forbidden('spec.loadBalancerClass', ofLoadBalancers);
  }
}

function validateTraffic(spec: Fields, out: Causes): void {
  const {
    externalTrafficPolicy: outside = '',
    internalTrafficPolicy: inside,
    healthCheckNodePort: port = 0,
  } = spec;

  const field = 'spec.externalTrafficPolicy';

  if (isExternal(spec)) {
    out.oneOf(field, outside, ['Cluster', 'Local']);
  } else if (outside !== '') {
    out.invalid(field, outside, 'may only be set for externally-accessible services');
  }

  if (!needsHealthCheck(spec)) {
    if (port !== 0) {
      const why =
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
      out.invalid('spec.healthCheckNodePort', port, why);
    }
  } else if (port !== 0) {
    out.each('spec.healthCheckNodePort', port, portNumberErrors(port));
  }

  if (inside !== undefined) {
    out.supported('spec.internalTrafficPolicy', inside, ['Cluster', 'Local']);
  }

  const { trafficDistribution } = spec;
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

  if (trafficDistribution !== undefined) {
    out.supported('spec.trafficDistribution', trafficDistribution, distributions);
  }
}

function validateChangedIps(spec: Fields, old: Fields, out: Causes): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') {
    return;
  }
  if (isHeadless(spec) && isHeadless(old)) {
    return;
  }

  const { clusterIPs: now = [] } = spec;
  const { clusterIPs: before = [] } = old;
  if (before.length > now.length && now.length === 0) {
    out.invalid('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset');
  }

  each<string>(before.slice(0, now.length), 'spec.clusterIPs', (address, path, index) => {
    if (address !== now[index]) {
      out.invalid(path, now, 'may not change once set');
    }
  });
}

/** Services. */
export const services: Validator = (object, old, out) => {
  const { spec = {}, metadata } = object;
  const { annotations = {} } = metadata;
  const before = old?.spec;
  if (before) {
    validateChangedIps(spec, before, out);

    if (before.type === 'LoadBalancer' && spec.type === 'LoadBalancer') {
      if (before.loadBalancerClass !== spec.loadBalancerClass) {
        out.invalid(
          'spec.loadBalancerClass',
          spec.loadBalancerClass ?? null,
          'may not change once set',
        );
      }
    }

    if (
      needsHealthCheck(before) &&
      needsHealthCheck(spec) &&
      before.healthCheckNodePort !== spec.healthCheckNodePort
    ) {
      out.forbidden('spec.healthCheckNodePort', 'field is immutable');
    }
  }

  validateByType(spec, out);
  validateServicePorts(spec.ports ?? [], out);
  out.labels('spec.selector', spec.selector);
  validateAffinity(spec, out);
  validateClusterIps(spec, before, out);

  const oldIps = new Set<string>(before?.externalIPs);
  each<string>(spec.externalIPs, 'spec.externalIPs', (address, path) => {
    const errors = oldIps.has(address) ? [] : ipErrors(address);
    out.each(path, address, errors);

    if (errors.length === 0) {
      validateEndpointIp(address, path, out);
    }
  });

  out.oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  validateUniquePorts(spec, out);
  validateLoadBalancer(spec, annotations, out);
  validateTraffic(spec, out);
};
