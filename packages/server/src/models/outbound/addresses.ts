import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * Addresses outside the public Internet: IANA special-purpose registries for IPv4 (RFC 6890) and
 * IPv6.
 */
const SPECIAL: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, and with it the metadata service of clouds.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** The IPv6 addresses of the public Internet; all others are refused. */
const GLOBAL_IPV6 = '2000::/3';

/** Ranges in it with another purpose: Teredo and others, documentation, 6to4. */
const SPECIAL_IPV6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Parses networks. Throws a RangeError for a text that is no CIDR. */
export function parseNetworks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();

  for (const cidr of cidrs) {
    const [address = '', prefix = '', ...more] = cidr.split('/');
    const version = isIP(address);
    if (
      version === 0 ||
      more.length > 0 ||
      !/^\d{1,3}$/.test(prefix) ||
      Number(prefix) > (version === 6 ? 128 : 32)
    ) {
      throw new RangeError(`${cidr} is not a network such as 10.0.0.0/8`);
    }

    list.addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
  }

  return list;
}

const special = parseNetworks([...SPECIAL, ...SPECIAL_IPV6]);
const global = parseNetworks([GLOBAL_IPV6]);

/**
 * Whether an address is one of the public Internet; an IPv4 address inside an IPv6 one counts as
 * IPv4.
 */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) {
    return isIP(address) === 4 && !special.check(address, 'ipv4');
  }
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
