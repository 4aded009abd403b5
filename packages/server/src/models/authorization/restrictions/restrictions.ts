import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { checkApiToken } from './api-tokens.ts';
import { checkFirstPassword } from './first-password.ts';

/** Throws Forbidden for what a caller may not do, whatever their roles allow. */
export function checkRestrictions(user: UserInfo, info: RequestInfo): void {
  checkFirstPassword(user, info);
  checkApiToken(user, info);
}
