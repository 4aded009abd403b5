import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Incoming } from '@ks-apiserver/apiserver/http/exchange';
import { type KubeRequest, type KubeResponse, type KubeTransport, readBody } from '@ks-apiserver/client/kube/transport';
import type { Effects } from '../models/iam/effects.ts';
import type { Scopes } from '../models/iam/scopes.ts';
import type { User } from '../models/iam/types.ts';
import { reviewedUser } from '../models/iam/user-writes.ts';
import type { Users } from '../models/iam/users.ts';
import type { WriteChecks } from '../models/iam/write-checks.ts';
import { effectsOfWrite, warningHeader, warningsOf } from '../models/iam/write-effects.ts';
import type { WorkspaceQuotas } from '../models/tenant/workspace-quotas.ts';
import { reviewedWrite } from './reviewed-write.ts';
import { asReadable, isAboutUsers, withoutPasswords } from './user-objects.ts';

/** What calls to the Kubernetes API are looked at with. */
export interface ProxyParts {
  kubernetes: KubeTransport;
  writes: WriteChecks;
  users: Users;
  effects: Effects;
  scopes: Scopes;
  quotas: WorkspaceQuotas;
  revokeSessions: (username: string) => Promise<void>;
}

/** Largest object that is looked at, in bytes. */
const OBJECT_LIMIT = 16 * 1024 * 1024;
const WRITES = new Set(['POST', 'PUT', 'PATCH']);

/** Makes a call about users: no password comes out, and none goes in but hashed. */
async function callAboutUsers(parts: ProxyParts, incoming: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { kubernetes, users, revokeSessions } = parts;
  const { req, info, user } = incoming;
  const readable = asReadable(request);
  if (!WRITES.has(request.method))
    return withoutPasswords(await kubernetes.request(readable), request.method === 'GET' && info.verb === 'watch');
  const tries = isDryRun(request);
  let changed: string | undefined;
  const review = async (stored: KubeObject | undefined, wished: KubeObject) => {
    const { object, setsPassword } = await reviewedUser(users, user, stored as User | undefined, wished as User);
    changed = stored && setsPassword ? object.metadata.name : undefined;
    if (!stored && !tries) await users.removeLeftOver(wished.metadata.name ?? '');
    return object;
  };
  const response = await reviewedWrite(kubernetes, { req, info, request: readable }, review);
  if (changed !== undefined && response.status < 300 && !tries) await revokeSessions(changed);
  return withoutPasswords(response, false);
}

/** Whether a call only tries a write (Kubernetes API Concepts, "Dry-run"). */
function isDryRun({ url }: KubeRequest): boolean {
  return new URLSearchParams(url.slice(url.split('?', 1)[0]!.length)).getAll('dryRun').includes('All');
}

/** An answer that also says, as warnings, who would gain and lose what. */
function warned(response: KubeResponse, texts: readonly string[]): KubeResponse {
  const { warning } = response.headers;
  const own = warningHeader(texts);
  return { ...response, headers: { ...response.headers, warning: warning === undefined ? own : `${warning}, ${own}` } };
}

/** Tries to delete an object that gives rights, and says who would lose them. */
async function tryDeletion(parts: ProxyParts, { info }: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { kubernetes, effects, scopes } = parts;
  const url = request.url.split('?', 1)[0]!;
  const found = await kubernetes.request({ method: 'GET', url, headers: { accept: 'application/json' } });
  const bytes = await readBody(found.body, OBJECT_LIMIT);
  const response = await kubernetes.request(request);
  if (found.status !== 200 || response.status >= 300) return response;
  const list = effectsOfWrite(effects, scopes, info, JSON.parse(bytes.toString()) as KubeObject, undefined);
  return list ? warned(response, warningsOf(list)) : response;
}

/** Makes a write that quotas of its workspace limit: one that would use more is refused. */
async function limitedCall(parts: ProxyParts, incoming: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { req, info, user } = incoming;
  let giveBack = () => {};
  const review = async (stored: KubeObject | undefined, wished: KubeObject) => {
    // It was looked at before, at another version of the object.
    giveBack();
    if (parts.writes.concern(info)) parts.writes.check(user, info, stored, wished);
    giveBack = await parts.quotas.reserve(info, stored, wished);
    return undefined;
  };
  try {
    const response = await reviewedWrite(parts.kubernetes, { req, info, request }, review);
    if (response.status >= 300 || isDryRun(request)) giveBack();
    return response;
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** Makes a call to the Kubernetes API for a caller; what could give him more rights than he has is refused. Other calls stream. */
export async function proxiedCall(parts: ProxyParts, incoming: Incoming, request: KubeRequest): Promise<KubeResponse> {
  const { kubernetes, writes, effects, scopes, quotas } = parts;
  const { req, info, user } = incoming;
  if (isAboutUsers(info)) return callAboutUsers(parts, incoming, request);
  if (request.method === 'DELETE' && info.name !== '' && writes.gives(info) && isDryRun(request))
    return tryDeletion(parts, incoming, request);
  if (!WRITES.has(request.method)) return kubernetes.request(request);
  if (quotas.concerns(info)) return limitedCall(parts, incoming, request);
  if (!writes.concern(info)) return kubernetes.request(request);
  const tries = isDryRun(request);
  let texts: string[] | undefined;
  const response = await reviewedWrite(kubernetes, { req, info, request }, (stored, wished) => {
    writes.check(user, info, stored, wished);
    const list = tries ? effectsOfWrite(effects, scopes, info, stored, wished) : undefined;
    texts = list && warningsOf(list);
    return undefined;
  });
  return texts && response.status < 300 ? warned(response, texts) : response;
}
