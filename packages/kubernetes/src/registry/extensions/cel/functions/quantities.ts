import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityToNumber,
  subtractQuantities,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import type { Environment } from '@marcbachmann/cel-js';
import { CelFailure } from '../failure.ts';

const BILLION = 1_000_000_000n;
const ZERO = parseQuantity('0');

class CelQuantity {
  readonly value: Quantity;

  constructor(value: Quantity) {
    this.value = value;
  }
}

class CelSemver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly pre: readonly string[];

  constructor(parts: readonly bigint[], pre: readonly string[]) {
    [this.major = 0n, this.minor = 0n, this.patch = 0n] = parts;
    this.pre = pre;
  }
}

const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?(?:\+[\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*)?$/;

/** Longest version that is parsed, in characters. */
const MAX_VERSION = 256;

/** Rewrites a lenient spelling of a version: a leading v, missing parts, leading zeros. */
function normalizeVersion(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)$/.exec(text);
  if (!match) {
    return text;
  }

  const part = (digits: string | undefined) => (digits ?? '0').replace(/^0+(?=\d)/, '');

  return `${part(match[1])}.${part(match[2])}.${part(match[3])}${match[4]}`;
}

/** A version as a CEL call asks for it, whose second argument is true to normalize it. */
function normalizeIf(normalize: unknown, text: string): string {
  return normalize === true && text.length <= MAX_VERSION ? normalizeVersion(text) : text;
}

function parseSemver(text: string): CelSemver | undefined {
  const match = text.length <= MAX_VERSION ? SEMVER.exec(text) : null;
  if (!match) {
    return undefined;
  }

  const [, major = '', minor = '', patch = '', pre] = match;

  return new CelSemver([major, minor, patch].map(BigInt), pre?.split('.') ?? []);
}

/** The version that was parsed from a text; throws a CelFailure where it is none. */
function requireSemver(parsed: CelSemver | undefined, text: string): CelSemver {
  if (parsed) {
    return parsed;
  }

  throw new CelFailure(
    /^\d+(\.\d+)?$/.test(text)
      ? 'No Major.Minor.Patch elements found'
      : `Invalid Semantic Version ${JSON.stringify(text)}`,
  );
}

function compareSemver(a: CelSemver, b: CelSemver): number {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (a[part] !== b[part]) {
      return a[part] < b[part] ? -1 : 1;
    }
  }

  if (a.pre.length === 0 || b.pre.length === 0) {
    return Math.sign(b.pre.length - a.pre.length);
  }

  for (let i = 0; i < Math.max(a.pre.length, b.pre.length); i++) {
    const [left, right] = [a.pre[i], b.pre[i]];
    if (left === right) {
      continue;
    }
    if (left === undefined || right === undefined) {
      return left === undefined ? -1 : 1;
    }

    const [numeric, other] = [left, right].map((item) => /^\d+$/.test(item));
    if (numeric && other) {
      return Number(left) < Number(right) ? -1 : 1;
    }
    if (numeric !== other) {
      return numeric ? -1 : 1;
    }

    return left < right ? -1 : 1;
  }

  return 0;
}

function isQuantity(text: string): boolean {
  try {
    canonicalQuantity(text);
    return true;
  } catch {
    return false;
  }
}

function quantity(text: string): CelQuantity {
  try {
    return new CelQuantity(parseQuantity(text));
  } catch (error) {
    throw new CelFailure(messageOf(error));
  }
}

const whole = (amount: bigint) => ({ nano: amount * BILLION, format: 'DecimalSI' as const });
const isInteger = ({ value }: CelQuantity) =>
  value.nano % BILLION === 0n && value.nano / BILLION < 2n ** 63n;

/** Kubernetes' quantity and semver libraries. */
export function addQuantitiesAndVersions(environment: Environment): void {
  const type = 'kubernetes.Quantity';
  const compare = (a: CelQuantity, b: CelQuantity) => compareQuantities(a.value, b.value);
  const make = (value: Quantity) => new CelQuantity(value);
  environment
    .registerType(type, CelQuantity)
    .registerFunction(`quantity(string): ${type}`, quantity)
    .registerFunction('isQuantity(string): bool', isQuantity)
    .registerOperator(`${type} == ${type}`, (a: CelQuantity, b: CelQuantity) => compare(a, b) === 0)
    .registerOperator(`${type} == null`, () => false)
    .registerFunction(`sign(${type}): int`, ({ value }: CelQuantity) =>
      BigInt(compareQuantities(value, ZERO)),
    )
    .registerFunction(
      `${type}.isGreaterThan(${type}): bool`,
      (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0,
    )
    .registerFunction(
      `${type}.isLessThan(${type}): bool`,
      (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0,
    )
    .registerFunction(`${type}.compareTo(${type}): int`, (a: CelQuantity, b: CelQuantity) =>
      BigInt(compare(a, b)),
    )
    .registerFunction(`${type}.asApproximateFloat(): double`, ({ value }: CelQuantity) =>
      quantityToNumber(value),
    )
    .registerFunction(`${type}.isInteger(): bool`, isInteger)
    .registerFunction(`${type}.asInteger(): int`, (self: CelQuantity) => {
      if (!isInteger(self)) {
        throw new CelFailure('cannot convert value to integer');
      }
      return self.value.nano / BILLION;
    })
    .registerFunction(`${type}.add(${type}): ${type}`, (a: CelQuantity, b: CelQuantity) =>
      make(addQuantities(a.value, b.value)),
    )
    .registerFunction(`${type}.add(int): ${type}`, (a: CelQuantity, b: bigint) =>
      make(addQuantities(a.value, whole(b))),
    )
    .registerFunction(`${type}.sub(${type}): ${type}`, (a: CelQuantity, b: CelQuantity) =>
      make(subtractQuantities(a.value, b.value)),
    )
    .registerFunction(`${type}.sub(int): ${type}`, (a: CelQuantity, b: bigint) =>
      make(subtractQuantities(a.value, whole(b))),
    );

  const version = 'kubernetes.Semver';
  environment
    .registerType(version, CelSemver)
    .registerFunction(`semver(string): ${version}`, (text: string) =>
      requireSemver(parseSemver(text), text),
    )
    .registerFunction(`semver(string, bool): ${version}`, (text: string, normalize: unknown) =>
      requireSemver(parseSemver(normalizeIf(normalize, text)), text),
    )
    .registerFunction('isSemver(string): bool', (text: string) => parseSemver(text) !== undefined)
    .registerFunction(
      'isSemver(string, bool): bool',
      (text: string, normalize: unknown) => parseSemver(normalizeIf(normalize, text)) !== undefined,
    )
    .registerOperator(
      `${version} == ${version}`,
      (a: CelSemver, b: CelSemver) => compareSemver(a, b) === 0,
    )
    .registerFunction(
      `${version}.isGreaterThan(${version}): bool`,
      (a: CelSemver, b: CelSemver) => compareSemver(a, b) > 0,
    )
    .registerFunction(
      `${version}.isLessThan(${version}): bool`,
      (a: CelSemver, b: CelSemver) => compareSemver(a, b) < 0,
    )
    .registerFunction(`${version}.compareTo(${version}): int`, (a: CelSemver, b: CelSemver) =>
      BigInt(compareSemver(a, b)),
    )
    .registerFunction(`${version}.major(): int`, (self: CelSemver) => self.major)
    .registerFunction(`${version}.minor(): int`, (self: CelSemver) => self.minor)
    .registerFunction(`${version}.patch(): int`, (self: CelSemver) => self.patch);
}
