import type { TypedCredentials } from '../../models/iam/login/login.ts';

/** Returns what was typed into a log-in form; fields that the form lacks are empty. */
export function typedCredentials(form: URLSearchParams): TypedCredentials {
  return {
    nameOrEmail: form.get('username') ?? '',
    password: form.get('password') ?? '',
    otp: form.get('otp') ?? '',
  };
}
