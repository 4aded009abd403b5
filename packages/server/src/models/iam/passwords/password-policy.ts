import { badRequest, type StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { PASSWORD_LIMIT } from './passwords.ts';

/** Requirements of new passwords; 3.0 has none. */
export interface PasswordRules {
  /** Characters, as a reader counts them. */
  minLength: number;
  /** How many of lower case, upper case, digits and others must occur. */
  minClasses: number;
  /** Whether the most common passwords are refused. */
  refuseCommon: boolean;
  /** Whether a password that another user has set must be changed before anything else. */
  changeInitial: boolean;
}

const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u];

/** The password of admin that every KubeSphere 3.0 was installed with. */
export const WELL_KNOWN_PASSWORD = 'P@88w0rd';

let common: Promise<ReadonlySet<string>> | undefined;

/**
 * About 40,000 of the most common passwords of at least 8 characters; read when the first password
 * is set.
 */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('popular-passwords', { with: { type: 'json' } }).then(
    ({ default: list }) => new Set(list),
  );
  return common;
}

function refusal(reason: string): StatusError {
  return badRequest(`spec.password: ${reason}`);
}

/** Checks new passwords (OWASP ASVS 5, section 6.2). */
export class PasswordPolicy {
  readonly rules: PasswordRules;

  constructor(rules: PasswordRules) {
    this.rules = rules;
  }

  /** Throws BadRequest, with the reason, for a password that `username` may not have. */
  async check(
    password: string,
    { username, email = '' }: { username: string; email?: string },
  ): Promise<void> {
    const { minLength, minClasses, refuseCommon } = this.rules;

    if (Buffer.byteLength(password) > PASSWORD_LIMIT) {
      throw refusal(`must have at most ${PASSWORD_LIMIT} bytes`);
    }
    if ([...password].length < minLength) {
      throw refusal(`must have at least ${minLength} characters`);
    }

    const classes = CLASSES.filter((pattern) => pattern.test(password)).length;
    if (classes < minClasses) {
      throw refusal(
        `must mix at least ${minClasses} of lower case, upper case, digits and other characters`,
      );
    }

    const lower = password.toLowerCase();
    const [mailbox = ''] = email.split('@', 1);
    const names = [username, email, mailbox].map((name) => name.toLowerCase());
    if (names.includes(lower)) {
      throw refusal('must not be the name or e-mail address of the user');
    }

    const wellKnown = username === 'admin' && lower === WELL_KNOWN_PASSWORD.toLowerCase();
    if (refuseCommon && (wellKnown || (await commonPasswords()).has(lower))) {
      throw refusal('is one of the most common passwords: choose another');
    }
  }
}
