import { dnsSubdomainErrors, pathSegmentErrors } from '@ks-apiserver/apimachinery/validation/names';
import { cidrErrors, ipErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import type { Validator } from '../validator.ts';

const address: Validator = ({ metadata, spec = {} }, old, out) => {
  const { parentRef: parent } = spec;
  const at = 'spec.parentRef';

  if (old) {
    out.immutable(at, parent, old.spec?.parentRef);
    return;
  }

  out.each('metadata.name', metadata.name, ipErrors(metadata.name ?? ''));

  if (parent === undefined) {
    out.required(at);
    return;
  }

  const { group = '', resource = '', name = '', namespace = '' } = parent;
  if (group !== '') {
    out.each(`${at}.group`, group, dnsSubdomainErrors(group));
  }

  for (const [field, value] of Object.entries({ resource, name })) {
    if (value === '') {
      out.required(`${at}.${field}`);
    } else {
      out.each(`${at}.${field}`, value, pathSegmentErrors(value));
    }
  }

  if (namespace !== '') {
    out.each(`${at}.namespace`, namespace, pathSegmentErrors(namespace));
  }
};

const family = (cidr: string) => (cidrErrors(cidr).length > 0 ? undefined : cidr.includes(':'));

function validateNetworks(spec: Fields, at: string, out: Causes): void {
  const { cidrs = [] } = spec;
  if (cidrs.length === 0) {
    out.required(at, 'at least one CIDR required');
  } else if (cidrs.length > 2) {
    out.invalid(at, { CIDRs: cidrs }, 'may only hold up to 2 values');
  } else {
    each<string>(cidrs, at, (cidr, path) => out.each(path, cidr, cidrErrors(cidr)));

    const [first, second] = cidrs.map(family);
    if (cidrs.length === 2 && first === second && first !== undefined) {
      const why =
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
      out.invalid(at, cidrs, why);
    }
  }
}

const network: Validator = ({ spec = {} }, old, out) => {
  const at = 'spec.cidrs';

  if (!old) {
    validateNetworks(spec, at, out);
    return;
  }

  const [now, before]: [string[], string[]] = [spec.cidrs ?? [], old.spec?.cidrs ?? []];
  const grows = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !grows) {
    out.invalid(at, now, 'field is immutable');
    return;
  }

  each<string>(before, at, (cidr, path, index) => {
    if (now[index] !== cidr) {
      out.invalid(path, now[index], 'field is immutable');
    }
  });

  if (grows) {
    validateNetworks(spec, at, out);
  }
};

/** Rules of addresses and their networks, by `group/Kind`. */
export const addressRules: Readonly<Record<string, Validator>> = {
  'networking.k8s.io/IPAddress': address,
  'networking.k8s.io/ServiceCIDR': network,
};
