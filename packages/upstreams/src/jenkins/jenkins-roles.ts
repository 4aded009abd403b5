import type { JenkinsAdmin } from './jenkins-admin.ts';

const STRATEGY = '/role-strategy/strategy';
const GLOBAL = 'globalRoles';

/**
 * Global roles of Jenkins' plugin "Role-based Authorization Strategy". Rejects with a JenkinsError
 * or an UpstreamError.
 */
export class JenkinsRoles {
  readonly #admin: JenkinsAdmin;

  constructor(admin: JenkinsAdmin) {
    this.#admin = admin;
  }

  /** Returns the names of the users with a role; undefined when there is no such role. */
  async usersOf(roleName: string, signal?: AbortSignal): Promise<string[] | undefined> {
    const query = new URLSearchParams({ roleName, type: GLOBAL });
    const text = await this.#admin.get(`${STRATEGY}/getRole/?${query}`, signal);
    const { sids } = parse(text);

    return Array.isArray(sids) ? sids.map(nameOf) : undefined;
  }

  /** Gives a role to a user. */
  assign(roleName: string, user: string, signal?: AbortSignal): Promise<void> {
    return this.#submit('assignRole', roleName, user, signal);
  }

  /** Takes a role from a user. */
  unassign(roleName: string, user: string, signal?: AbortSignal): Promise<void> {
    return this.#submit('unassignRole', roleName, user, signal);
  }

  #submit(
    action: string,
    roleName: string,
    sid: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const body = new URLSearchParams({ type: GLOBAL, roleName, sid }).toString();
    return this.#admin.post(`${STRATEGY}/${action}`, { body, ...(signal && { signal }) });
  }
}

/** Later versions of the plugin answer with objects. */
function nameOf(sid: unknown): string {
  return typeof sid === 'object' && sid !== null
    ? String((sid as { sid?: unknown }).sid ?? '')
    : String(sid);
}

function parse(text: string): { sids?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
