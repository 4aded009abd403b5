import { NumberPool } from './number-pool.ts';

/** An IPv4 address as a number; undefined for other texts. */
export function ipv4Number(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) {
    return undefined;
  }

  let number = 0;

  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) {
      return undefined;
    }
    number = number * 256 + Number(part);
  }

  return number;
}

/** Formats an IPv4 address. */
export function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** The addresses of a CIDR that Services can have: without the network and broadcast address. */
export class ClusterIpRange {
  readonly cidr: string;
  readonly pool: NumberPool;
  /** Address of the `kubernetes` Service. */
  readonly first: string;

  /** Throws a RangeError when `cidr` is no IPv4 network of 4 to 2^20 addresses. */
  constructor(cidr: string) {
    const [address = '', bits = ''] = cidr.split('/');
    const base = ipv4Number(address);
    const length = Number(bits);
    if (base === undefined || !Number.isInteger(length) || length < 12 || length > 30) {
      throw new RangeError(`${cidr} is not an IPv4 range for Services (/12 to /30)`);
    }

    const size = 2 ** (32 - length);
    const network = base - (base % size);

    this.cidr = `${ipv4Text(network)}/${length}`;
    this.pool = new NumberPool(network + 1, network + size - 2);
    this.first = ipv4Text(network + 1);
  }
}
