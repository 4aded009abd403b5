import type { JenkinsAdmin } from './jenkins-admin.ts';
import { isMissing } from './jenkins-error.ts';

const STRATEGY = '/role-strategy/strategy';

/** Kinds of roles: of all Jenkins, or of the items whose path fits a pattern. */
export type RoleType = 'globalRoles' | 'projectRoles';

/** Name of a role, and its kind. */
export interface RoleKey {
  type: RoleType;
  name: string;
}

/** A role as Jenkins has it. */
export interface JenkinsRole {
  permissions: readonly string[];
  /** Names of its users and groups. */
  sids: readonly string[];
}

/** What a role of items allows, and on which: a regular expression of their full paths. */
export interface RoleContent {
  permissions: readonly string[];
  pattern: string;
}

/**
 * Roles of Jenkins' plugin "Role-based Authorization Strategy". All calls reject with a JenkinsError
 * or an UpstreamError.
 */
export class JenkinsRoles {
  readonly #admin: JenkinsAdmin;

  constructor(admin: JenkinsAdmin) {
    this.#admin = admin;
  }

  /** Returns a role; undefined when there is none of that name. */
  async find({ type, name }: RoleKey, signal?: AbortSignal): Promise<JenkinsRole | undefined> {
    const query = new URLSearchParams({ roleName: name, type });
    const text = await this.#admin.get(`${STRATEGY}/getRole/?${query}`, signal);
    const { sids, permissionIds } = parse(text);

    return Array.isArray(sids)
      ? { sids: sids.map(nameOf), permissions: Object.keys(permissionIds ?? {}) }
      : undefined;
  }

  /** Creates a role, or replaces one; it has no users then. */
  put(key: RoleKey, { permissions, pattern }: RoleContent, signal?: AbortSignal): Promise<void> {
    return this.#submit(
      'addRole',
      {
        type: key.type,
        roleName: key.name,
        permissionIds: permissions.join(','),
        overwrite: 'true',
        pattern,
      },
      signal,
    );
  }

  /** Deletes a role; does nothing when there is none of that name. */
  remove({ type, name }: RoleKey, signal?: AbortSignal): Promise<void> {
    return this.#submit('removeRoles', { type, roleNames: name }, signal);
  }

  /** Gives a role to a user. */
  assign({ type, name }: RoleKey, sid: string, signal?: AbortSignal): Promise<void> {
    return this.#submit('assignRole', { type, roleName: name, sid }, signal);
  }

  /** Takes a role from a user. */
  unassign({ type, name }: RoleKey, sid: string, signal?: AbortSignal): Promise<void> {
    return this.#submit('unassignRole', { type, roleName: name, sid }, signal);
  }

  #submit(
    action: string,
    form: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return this.#admin.post(`${STRATEGY}/${action}`, {
      body: new URLSearchParams(form).toString(),
      ...(signal && { signal }),
    });
  }
}

/**
 * Does something with roles; does nothing in a Jenkins without the plugin, which decides about rights
 * in another way.
 */
export async function whereServed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

/** Later versions of the plugin answer with objects. */
function nameOf(sid: unknown): string {
  return typeof sid === 'object' && sid !== null
    ? String((sid as { sid?: unknown }).sid ?? '')
    : String(sid);
}

function parse(text: string): { sids?: unknown; permissionIds?: object } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
