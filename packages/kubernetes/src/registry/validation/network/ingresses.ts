import { BlockList, isIP, isIPv4 } from 'node:net';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  pathSegmentErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import {
  cidrErrors,
  portNameErrors,
  portNumberErrors,
  wildcardDomainErrors,
} from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';
import { validateDomainPath } from '../workloads/jobs.ts';

function validateHostName(host: string, at: string, out: Causes): void {
  out.each(at, host, host.includes('*') ? wildcardDomainErrors(host) : dnsSubdomainErrors(host));
}

function validateObjectReference(
  { apiGroup, kind = '', name = '' }: Fields,
  at: string,
  out: Causes,
): void {
  if (apiGroup !== undefined) {
    out.each(`${at}.apiGroup`, apiGroup, dnsSubdomainErrors(apiGroup));
  }

  if (kind === '') {
    out.required(`${at}.kind`);
  } else {
    out.each(`${at}.kind`, kind, pathSegmentErrors(kind));
  }

  if (name === '') {
    out.required(`${at}.name`);
  } else {
    out.each(`${at}.name`, name, pathSegmentErrors(name));
  }
}

function validateBackend(value: Fields, at: string, out: Causes): void {
  const { resource, service } = value;
  if (resource && service) {
    out.invalid(at, '', 'cannot set both resource and service backends');
    return;
  }

  if (resource) {
    validateObjectReference(resource, `${at}.resource`, out);
    return;
  }

  if (!service) {
    out.invalid(at, '', 'resource or service backend is required');
    return;
  }

  if (!service.name) {
    out.required(`${at}.service.name`);
  } else {
    out.each(`${at}.service.name`, service.name, dnsLabelErrors(service.name));
  }

  const { name = '', number = 0 } = service.port ?? {};
  if (name !== '' && number !== 0) {
    out.invalid(at, '', 'cannot set both port name & port number');
  } else if (name !== '') {
    out.each(`${at}.service.port.name`, name, portNameErrors(name));
  } else if (number !== 0) {
    out.each(`${at}.service.port.number`, number, portNumberErrors(number));
  } else {
    out.required(at, 'port name or number is required');
  }
}

const badSequences = ['//', '/./', '/../', '%2f', '%2F'];

function validateIngressPath(value: Fields, at: string, out: Causes): void {
  const { pathType, path = '' } = value;
  if (pathType === undefined) {
    out.required(`${at}.pathType`, 'pathType must be specified');
    return;
  }

  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) {
      out.invalid(`${at}.path`, path, 'must be an absolute path');
    }

    for (const part of badSequences) {
      if (path.includes(part)) {
        out.invalid(`${at}.path`, path, `must not contain '${part}'`);
      }
    }

    for (const end of ['/..', '/.']) {
      if (path.endsWith(end)) {
        out.invalid(`${at}.path`, path, `cannot end with '${end}'`);
      }
    }
  } else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) {
      out.invalid(`${at}.path`, path, 'must be an absolute path');
    }
  } else {
    out.unsupported(`${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
  }

  validateBackend(value.backend ?? {}, `${at}.backend`, out);
}

const classAnnotation = 'kubernetes.io/ingress.class';

const ingress: Validator = ({ metadata, spec = {} }, old, out) => {
  const { rules = [], defaultBackend, ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    out.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified');
  }
  if (defaultBackend) {
    validateBackend(defaultBackend, 'spec.defaultBackend', out);
  }

  each<Fields>(rules, 'spec.rules', ({ host = '', http }, path) => {
    if (host !== '') {
      if (isIP(host)) {
        out.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address');
      }
      validateHostName(host, `${path}.host`, out);
    }

    if (http === undefined) {
      return;
    }
    if ((http.paths ?? []).length === 0) {
      out.required(`${path}.http.paths`);
    }

    each<Fields>(http.paths, `${path}.http.paths`, (item, place) =>
      validateIngressPath(item, place, out),
    );
  });

  each(spec.tls, 'spec.tls', ({ hosts, secretName = '' }, path) => {
    each<string>(hosts, `${path}.hosts`, (host, place) => validateHostName(host, place, out));
    if (secretName !== '') {
      out.each(`${path}.secretName`, secretName, dnsSubdomainErrors(secretName));
    }
  });

  if (ingressClassName !== undefined) {
    out.dnsSubdomain('spec.ingressClassName', ingressClassName);
  }

  const annotation = metadata.annotations?.[classAnnotation];
  if (
    !old &&
    annotation !== undefined &&
    ingressClassName !== undefined &&
    annotation !== ingressClassName
  ) {
    const why = 'must match `ingressClassName` when both are specified';
    out.invalid(`annotations.${classAnnotation}`, annotation, why);
  }
};

const ingressClass: Validator = ({ spec = {} }, old, out) => {
  const { controller = '', parameters } = spec;

  if (old) {
    out.immutable('spec.controller', controller, old.spec?.controller ?? '');
  }
  if (controller.length > 250) {
    out.tooLong('spec.controller', 250);
  }

  validateDomainPath(controller, 'spec.controller', out);

  if (!parameters) {
    return;
  }

  const field = 'spec.parameters';
  validateObjectReference(parameters, field, out);

  const { scope, namespace } = parameters;
  if (scope === undefined) {
    return out.required(`${field}.scope`);
  }

  out.supported(`${field}.scope`, scope, ['Cluster', 'Namespace']);

  if (scope === 'Namespace') {
    if (namespace === undefined) {
      out.required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'");
    } else {
      out.each(`${field}.namespace`, namespace, dnsLabelErrors(namespace));
    }
  } else if (scope === 'Cluster' && namespace !== undefined) {
    out.forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'");
  }
};

function validatePolicyPort({ protocol, port, endPort }: Fields, at: string, out: Causes): void {
  if (protocol !== undefined) {
    out.supported(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']);
  }

  const refuse = (why: string) => out.invalid(`${at}.endPort`, endPort, why);

  if (port === undefined) {
    if (endPort !== undefined) {
      refuse('may not be specified when `port` is not specified');
    }
  } else if (typeof port === 'number') {
    out.each(`${at}.port`, port, portNumberErrors(port));

    if (endPort === undefined) {
      return;
    }
    if (endPort < port) {
      out.invalid(`${at}.endPort`, port, 'must be greater than or equal to `port`');
    }

    out.each(`${at}.endPort`, endPort, portNumberErrors(endPort));
  } else {
    if (endPort !== undefined) {
      refuse('may not be specified when `port` is non-numeric');
    }
    out.each(`${at}.port`, port, portNameErrors(port));
  }
}

/** Whether an IPv4 network is a strict subset of another one; of others the lengths are compared. */
function isInside(inner: string, outer: string): boolean {
  const [address = '', length = ''] = inner.split('/');
  const [network = '', networkLength = ''] = outer.split('/');

  if (Number(length) <= Number(networkLength)) {
    return false;
  }
  if (!isIPv4(address) || !isIPv4(network)) {
    return isIPv4(address) === isIPv4(network);
  }

  const networks = new BlockList();
  networks.addSubnet(network, Number(networkLength));

  return networks.check(address);
}

function validateIpBlock({ cidr = '', except }: Fields, at: string, out: Causes): void {
  if (cidr === '') {
    out.required(`${at}.cidr`);
    return;
  }

  const errors = cidrErrors(cidr);
  out.each(`${at}.cidr`, cidr, errors);

  if (errors.some((error) => error.startsWith('must be a valid CIDR'))) {
    return;
  }

  each<string>(except, `${at}.except`, (inner, path) => {
    const wrong = cidrErrors(inner);
    out.each(path, inner, wrong);

    if (wrong.length === 0 && !isInside(inner, cidr)) {
      out.invalid(path, inner, 'must be a strict subset of `cidr`');
    }
  });
}

function validatePeer(value: Fields, at: string, out: Causes): void {
  const { podSelector, namespaceSelector, ipBlock: block } = value;
  validateLabelSelector(podSelector, `${at}.podSelector`, out);
  validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`, out);

  if (block) {
    validateIpBlock(block, `${at}.ipBlock`, out);
  }

  if (!podSelector && !namespaceSelector && !block) {
    out.required(at, 'must specify a peer');
  } else if (block && (podSelector || namespaceSelector)) {
    out.forbidden(at, 'may not specify both ipBlock and another peer');
  }
}

const networkPolicy: Validator = ({ spec = {} }, _old, out) => {
  validateLabelSelector(spec.podSelector, 'spec.podSelector', out);

  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    each(spec[direction], `spec.${direction}`, (rule, path) => {
      each(rule.ports, `${path}.ports`, (port, place) => validatePolicyPort(port, place, out));
      each(rule[peers], `${path}.${peers}`, (item, place) => validatePeer(item, place, out));
    });
  }

  const { policyTypes = [] } = spec;
  if (policyTypes.length > 2) {
    return out.invalid(
      'spec.policyTypes',
      policyTypes,
      'may not specify more than two policyTypes',
    );
  }

  each<string>(policyTypes, 'spec.policyTypes', (type, path) =>
    out.supported(path, type, ['Ingress', 'Egress']),
  );
};

/** Rules of networking.k8s.io, by `group/Kind`. */
export const ingressRules: Readonly<Record<string, Validator>> = {
  'networking.k8s.io/Ingress': ingress,
  'networking.k8s.io/IngressClass': ingressClass,
  'networking.k8s.io/NetworkPolicy': networkPolicy,
};
