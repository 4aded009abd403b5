import { createHash } from 'node:crypto';

/** Longest module that is accepted, in characters. */
const LIMIT = 64 * 1024;

/** Comments, strings, raw strings, and all else piece by piece (Rego "Lexical structure"). */
const TOKENS = /#[^\n]*|"(?:[^"\\\n]|\\.)*"|`[^`]*`|[A-Za-z_][A-Za-z0-9_]*|\s+|./gsu;
const PACKAGE_PREFIX = 'ks_override';

/** A module as the policy server stores it: in a package of its own. */
export interface RegoModule {
  /** Id of the policy and last part of its package; equal for equal texts. */
  id: string;
  text: string;
}

/** Why a module cannot be evaluated. */
export class RegoModuleError extends Error {}

/**
 * Prepares a role's module for a server that evaluates many. 3.0 evaluates each alone, as package
 * `authz`, and asks for `data.authz.allow`. Here the package gets a name made from its text, and so
 * does every use of `data.authz`. A module that reads other data, such as modules of other roles,
 * is refused. Throws a RegoModuleError.
 */
export function isolateModule(source: string): RegoModule {
  if (source.length > LIMIT) {
    throw new RegoModuleError(`the module is longer than ${LIMIT} characters`);
  }

  const id = `m${createHash('sha256').update(source).digest('hex').slice(0, 40)}`;
  const tokens = source.match(TOKENS) ?? [];

  /** Indexes of the tokens that are code: no comments, no white space. */
  const code = [...tokens.entries()].flatMap(([i, token]) => (/^(#|\s)/.test(token) ? [] : [i]));
  const at = (n: number) => tokens[code[n] ?? -1];
  const [first, second] = code;

  if (at(0) !== 'package' || at(1) !== 'authz' || at(2) === '.' || at(2) === '[') {
    throw new RegoModuleError('the module must begin with "package authz"');
  }

  for (let n = 2; n < code.length; n++) {
    // A template string contains code.
    if (at(n) === '$') {
      throw new RegoModuleError('the module has a template string');
    }
    if (at(n) === 'package') {
      throw new RegoModuleError('the module has a second package');
    }

    // A field of another object with the same name.
    if (at(n) !== 'data' || at(n - 1) === '.') {
      continue;
    }
    if (at(n + 1) !== '.' || at(n + 2) !== 'authz') {
      throw new RegoModuleError('the module reads data other than data.authz');
    }

    const name = code[n + 2];
    if (name !== undefined) {
      tokens[name] = `${PACKAGE_PREFIX}.${id}`;
    }
  }

  if (first !== undefined && second !== undefined) {
    tokens[second] = `${PACKAGE_PREFIX}.${id}`;
  }

  return { id, text: tokens.join('') };
}

/** Returns the path of a module's answer in the policy server's Data API. */
export function answerPath({ id }: RegoModule): string {
  return `/v1/data/${PACKAGE_PREFIX}/${id}/allow`;
}
