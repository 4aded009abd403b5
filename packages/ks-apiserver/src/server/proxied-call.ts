import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Incoming } from '@ks-apiserver/apiserver/http/exchange';
import type { KubeRequest, KubeResponse, KubeTransport } from '@ks-apiserver/client/kube/transport';
import type { User } from '../models/iam/types.ts';
import { reviewedUser } from '../models/iam/user-writes.ts';
import type { Users } from '../models/iam/users.ts';
import type { WriteChecks } from '../models/iam/write-checks.ts';
import { reviewedWrite } from './reviewed-write.ts';
import { asReadable, isAboutUsers, withoutPasswords } from './user-objects.ts';

/** What calls to the Kubernetes API are looked at with. */
export interface ProxyParts {
  kubernetes: KubeTransport;
  writes: WriteChecks;
  users: Users;
  revokeSessions: (username: string) => Promise<void>;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH']);

/** Makes a call about users: no password comes out, and none goes in but hashed. */
async function callAboutUsers(parts: ProxyParts, incoming: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { kubernetes, users, revokeSessions } = parts;
  const { req, info, user } = incoming;
  const readable = asReadable(request);
  if (!WRITES.has(request.method))
    return withoutPasswords(await kubernetes.request(readable), request.method === 'GET' && info.verb === 'watch');
  let changed: string | undefined;
  const review = async (stored: KubeObject | undefined, wished: KubeObject) => {
    const { object, setsPassword } = await reviewedUser(users, user, stored as User | undefined, wished as User);
    changed = stored && setsPassword ? object.metadata.name : undefined;
    return object;
  };
  const response = await reviewedWrite(kubernetes, { req, info, request: readable }, review);
  const stores = response.status < 300 && !/[?&]dryRun=/.test(request.url);
  if (changed !== undefined && stores) await revokeSessions(changed);
  return withoutPasswords(response, false);
}

/** Makes a call to the Kubernetes API for a caller; what could give him more rights than he has is refused. Other calls stream. */
export async function proxiedCall(parts: ProxyParts, incoming: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { kubernetes, writes } = parts;
  const { req, info, user } = incoming;
  if (isAboutUsers(info)) return callAboutUsers(parts, incoming, request);
  if (!WRITES.has(request.method) || !writes.concern(info)) return kubernetes.request(request);
  return reviewedWrite(kubernetes, { req, info, request }, (stored, wished) => {
    writes.check(user, info, stored, wished);
    return undefined;
  });
}
