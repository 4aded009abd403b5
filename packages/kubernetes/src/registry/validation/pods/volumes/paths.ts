import type { Causes } from '../../causes.ts';

/** A path without `..`. */
export function validateNoBacksteps(path: string, at: string, out: Causes): void {
  if (path.split('/').includes('..')) {
    out.invalid(at, path, "must not contain '..'");
  }
}

/** A relative path without `..`. */
export function descendingPath(path: string, at: string, out: Causes): void {
  if (path.startsWith('/')) {
    out.invalid(at, path, 'must be a relative path');
  }
  validateNoBacksteps(path, at, out);
}

/** A relative path that does not begin with `..`, which atomic writers reserve. */
export function unreservedPath(path: string, at: string, out: Causes): void {
  descendingPath(path, at, out);
  if (path.startsWith('..') && !path.startsWith('../')) {
    out.invalid(at, path, "must not start with '..'");
  }
}

/** The permissions of a file. */
export function fileMode(mode: unknown, at: string, out: Causes): void {
  if (typeof mode !== 'number' || (mode >= 0 && mode <= 0o777)) {
    return;
  }
  out.invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}
