import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { compareQuantities, parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import * as field from '@ks-apiserver/apimachinery/validation/field';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../resources/defaults/types.ts';

/** A map as Kubernetes prints it: sorted by its keys. */
export function sortedMap<T>(
  map: Readonly<Record<string, T>> | undefined,
): Record<string, T> | undefined {
  if (map === undefined) {
    return undefined;
  }
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Most causes that a response lists. */
export const MAX_CAUSES = 100;

/** Most characters of all causes: each may print a path or a value as long as the object. */
const MAX_TEXT = 1024 * 1024;

/** Thrown once there are enough causes, and caught by `collect` of the same causes. */
class Enough extends Error {
  readonly of: Causes;

  constructor(of: Causes) {
    super('enough causes are found');
    this.of = of;
  }
}

/** The causes for which an object is invalid, in the order in which Kubernetes finds them. */
export class Causes {
  readonly list: StatusCause[] = [];
  #text = 0;

  /**
   * Runs a validation until there are enough causes, so that an object with many faults takes no
   * longer.
   */
  collect(find: (out: this) => void): void {
    try {
      find(this);
    } catch (error) {
      if (!(error instanceof Enough) || error.of !== this) {
        throw error;
      }
    }
  }

  /** Runs a part of a validation; returns how many causes it adds. */
  part(find: (out: Causes) => void): number {
    const own = new Causes();
    own.collect(find);

    for (const cause of own.list) {
      this.add(cause);
    }

    return own.list.length;
  }

  /** Ends the validation that `collect` runs once there are enough causes. */
  add(cause: StatusCause): void {
    this.list.push(cause);
    this.#text += (cause.message?.length ?? 0) + (cause.field?.length ?? 0);

    if (this.list.length >= MAX_CAUSES || this.#text > MAX_TEXT) {
      throw new Enough(this);
    }
  }

  required(at: string, detail = ''): void {
    this.add(field.required(at, detail));
  }

  invalid(at: string, value: unknown, detail: string): void {
    this.add(field.invalidValue(at, value, detail));
  }

  unsupported(at: string, value: unknown, supported: readonly string[]): void {
    this.add(field.notSupported(at, value, supported));
  }

  forbidden(at: string, detail: string): void {
    this.add(field.forbiddenField(at, detail));
  }

  duplicate(at: string, value: unknown): void {
    this.add(field.duplicate(at, value));
  }

  notFound(at: string, value: unknown): void {
    this.add(field.notFoundValue(at, value));
  }

  tooLong(at: string, max: number): void {
    this.add(field.tooLong(at, max));
  }

  tooMany(at: string, actual: number, max: number): void {
    this.add(field.tooMany(at, actual, max));
  }

  /** One cause for each error of a value. */
  each(at: string, value: unknown, errors: readonly string[]): void {
    for (const error of errors) {
      this.invalid(at, value, error);
    }
  }

  dnsLabel(at: string, value: string): void {
    this.each(at, value, dnsLabelErrors(value));
  }

  dnsSubdomain(at: string, value: string): void {
    this.each(at, value, dnsSubdomainErrors(value));
  }

  qualifiedName(at: string, value: string): void {
    this.each(at, value, qualifiedNameErrors(value));
  }

  /** A required text that must be one of the allowed ones. */
  oneOf(at: string, value: string | undefined, allowed: readonly string[]): void {
    if (!value) {
      this.required(at);
    } else {
      this.supported(at, value, allowed);
    }
  }

  /** An optional text that must be one of the allowed ones; a missing one counts as ''. */
  supported(at: string, value: string | undefined, allowed: readonly string[]): void {
    if (!allowed.includes(value ?? '')) {
      this.unsupported(at, value ?? '', allowed);
    }
  }

  notNegative(at: string, value: number | undefined): void {
    if (value !== undefined && value < 0) {
      this.invalid(at, value, 'must be greater than or equal to 0');
    }
  }

  positive(at: string, value: number | undefined): void {
    if ((value ?? 0) <= 0) {
      this.invalid(at, value ?? 0, 'must be greater than zero');
    }
  }

  immutable(at: string, value: unknown, old: unknown): void {
    if (!equalJson(value, old)) {
      this.invalid(at, value ?? null, 'field is immutable');
    }
  }

  /** Keys and values of labels. */
  labels(at: string, labels: Fields | undefined): void {
    for (const [key, value] of Object.entries(labels ?? {})) {
      this.qualifiedName(at, key);
      this.each(at, value, labelValueErrors(String(value)));
    }
  }
}

/** Returns a function that reports whether it got a value before. */
export function repetition(): (value: unknown) => boolean {
  const seen = new Set<unknown>();
  return (value) => seen.has(value) || !seen.add(value);
}

/**
 * Compares quantities as texts or numbers: negative, zero or positive. A missing one counts as 0.
 */
export function compareAmounts(a: unknown, b: unknown): number {
  return compareQuantities(parseQuantity(String(a ?? 0)), parseQuantity(String(b ?? 0)));
}

/** Visits the items of a list with their paths. */
export function each<T = Fields>(
  list: readonly T[] | undefined,
  at: string,
  visit: (item: T, at: string, index: number) => void,
): void {
  for (const [index, item] of (list ?? []).entries()) {
    visit(item, `${at}[${index}]`, index);
  }
}
