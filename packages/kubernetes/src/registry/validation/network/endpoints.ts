import { isIPv4, isIPv6 } from 'node:net';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { ipErrors, portNumberErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { protocols } from '../pods/containers.ts';
import type { Validator } from '../validator.ts';

/** Addresses that no endpoint can have: loopback and link-local ones. */
export function validateEndpointIp(address: string, at: string, out: Causes): void {
  if (!isIPv4(address) && !isIPv6(address)) {
    out.invalid(at, address, 'must be a valid IP address');
    return;
  }

  const lower = address.toLowerCase();

  if (address === '0.0.0.0' || /^[0:]+$/.test(address)) {
    out.invalid(at, address, `may not be unspecified (${address})`);
  }
  if (address.startsWith('127.') || lower === '::1') {
    out.invalid(at, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)');
  }
  if (address.startsWith('169.254.') || /^fe[89ab]/.test(lower)) {
    out.invalid(at, address, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  }

  if (address.startsWith('224.0.0.') || lower.startsWith('ff02:')) {
    out.invalid(
      at,
      address,
      'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    );
  }
}

function validateEndpointAddress(
  { ip = '', hostname, nodeName }: Fields,
  at: string,
  out: Causes,
): void {
  out.each(`${at}.ip`, ip, ipErrors(ip));

  if (hostname) {
    out.dnsLabel(`${at}.hostname`, hostname);
  }
  if (nodeName !== undefined) {
    out.each(`${at}.nodeName`, nodeName, dnsSubdomainErrors(nodeName));
  }

  validateEndpointIp(ip, `${at}.ip`, out);
}

function validateEndpointPort(
  port: Fields,
  { needsName }: { needsName: boolean },
  at: string,
  out: Causes,
): void {
  const { name = '', port: number = 0, protocol, appProtocol } = port;
  if (name !== '') {
    out.dnsLabel(`${at}.name`, name);
  } else if (needsName) {
    out.required(`${at}.name`);
  }

  out.each(`${at}.port`, number, portNumberErrors(number));
  out.oneOf(`${at}.protocol`, protocol, protocols);

  if (appProtocol !== undefined) {
    out.qualifiedName(`${at}.appProtocol`, appProtocol);
  }
}

/** Endpoints of core/v1. */
export const endpoints: Validator = ({ subsets }, old, out) => {
  if (old && equalJson(subsets, old.subsets)) {
    return;
  }

  each(subsets, 'subsets', ({ addresses = [], notReadyAddresses = [], ports = [] }, path) => {
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      out.required(path, 'must specify `addresses` or `notReadyAddresses`');
    }

    each<Fields>(addresses, `${path}.addresses`, (address, place) =>
      validateEndpointAddress(address, place, out),
    );
    each<Fields>(notReadyAddresses, `${path}.notReadyAddresses`, (address, place) =>
      validateEndpointAddress(address, place, out),
    );
    each<Fields>(ports, `${path}.ports`, (port, place) =>
      validateEndpointPort(port, { needsName: ports.length > 1 }, place, out),
    );
  });
};

function validateDomain(name: string, at: string, out: Causes): void {
  if (name === '') {
    out.required(at);
    return;
  }

  const text = name.replace(/\.$/, '');
  const errors = dnsSubdomainErrors(text);
  const labels = text.split('.');

  if (errors.length > 0) {
    out.invalid(at, text, errors.join(','));
  } else if (labels.length < 2) {
    out.invalid(at, text, 'should be a domain with at least two segments separated by dots');
  } else {
    const bad = labels.find((label) => dnsLabelErrors(label).length > 0);
    if (bad !== undefined) {
      out.invalid(at, bad, dnsLabelErrors(bad).join(','));
    }
  }
}

function validateSliceAddress(
  address: string,
  type: string,
  list: string,
  at: string,
  out: Causes,
): void {
  if (type === 'FQDN') {
    validateDomain(address, at, out);
    return;
  }

  if (type !== 'IPv4' && type !== 'IPv6') {
    return;
  }

  const errors = ipErrors(address);
  out.each(at, address, errors);

  if (errors.length > 0) {
    return;
  }

  const isFour = isIPv4(address);
  if (isFour !== (type === 'IPv4')) {
    out.invalid(list, address, `must be an ${type} address`);
  }

  validateEndpointIp(address, at, out);
}

function validateHints(value: Fields, at: string, out: Causes): void {
  for (const [field, errorsOf] of [
    ['forZones', labelValueErrors],
    ['forNodes', dnsSubdomainErrors],
  ] as const) {
    const list: Fields[] = value[field] ?? [];
    if (list.length > 8) {
      out.tooMany(`${at}.${field}`, list.length, 8);
      return;
    }

    const seen = new Set<string>();
    each(list, `${at}.${field}`, ({ name = '' }, path) => {
      if (seen.has(name)) {
        out.duplicate(`${path}.name`, name);
      }

      seen.add(name);
      out.each(`${path}.name`, name, errorsOf(name));
    });
  }
}

function validateSliceEndpoints(list: readonly Fields[], type: string, out: Causes): void {
  if (list.length > 1000) {
    out.tooMany('endpoints', list.length, 1000);
    return;
  }

  each(
    list,
    'endpoints',
    ({ addresses = [], nodeName, deprecatedTopology, hostname, hints: hint }, path) => {
      const field = `${path}.addresses`;

      if (addresses.length === 0) {
        out.required(field, 'must contain at least 1 address');
      } else if (addresses.length > 100) {
        out.tooMany(field, addresses.length, 100);
      }

      each<string>(addresses, field, (address, place) =>
        validateSliceAddress(address, type, field, place, out),
      );

      if (nodeName !== undefined) {
        out.each(`${path}.nodeName`, nodeName, dnsSubdomainErrors(nodeName));
      }

      out.labels(`${path}.deprecatedTopology`, deprecatedTopology);

      if (hostname !== undefined) {
        out.dnsLabel(`${path}.hostname`, hostname);
      }
      if (hint) {
        validateHints(hint, `${path}.hints`, out);
      }
    },
  );
}

/** EndpointSlices of discovery.k8s.io/v1. */
export const endpointSlices: Validator = (object, old, out) => {
  const { addressType = '', ports = [] } = object;
  out.oneOf('addressType', addressType, ['FQDN', 'IPv4', 'IPv6']);

  if (ports.length > 20_000) {
    out.tooMany('ports', ports.length, 20_000);
  } else {
    const names = new Set<string>();
    each<Fields>(ports, 'ports', ({ name = '', protocol, appProtocol }, path) => {
      if (name !== '') {
        out.dnsLabel(`${path}.name`, name);
      }
      if (names.has(name)) {
        out.duplicate(`${path}.name`, name);
      }

      names.add(name);

      if (protocol === undefined) {
        out.required(`${path}.protocol`);
      } else {
        out.supported(`${path}.protocol`, protocol, protocols);
      }

      if (appProtocol !== undefined) {
        out.qualifiedName(`${path}.appProtocol`, appProtocol);
      }
    });
  }

  if (!old || !equalJson(object.endpoints, old.endpoints)) {
    validateSliceEndpoints(object.endpoints ?? [], addressType, out);
  }
  if (old) {
    out.immutable('addressType', addressType, old.addressType);
  }
};
