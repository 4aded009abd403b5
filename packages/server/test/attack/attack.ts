import type { TestPlatform } from '../support/test-platform.ts';
import type { Attacker } from './attackers.ts';
import type { Tenants } from './built-in-roles.ts';

/** The owner of the rights or objects that an attack aims at. */
export type Target =
  | 'self'
  | 'other user'
  | 'system namespaces'
  | 'system-workspace'
  | 'another tenant'
  | 'platform';

/** The environment of an attack: the attacker, the other users, and the existing objects. */
export interface Scene {
  platform: TestPlatform;
  tenants: Tenants;
  attacker: Attacker;
  /** Name of a user without any role. */
  other: string;
  /** Name of a user who may do everything. */
  root: string;
  /** Name of a group that administers the attackers' workspace. */
  group: string;
  /** A certificate signing request in that user's name, base64 of PEM. */
  signingRequest: string;
}

/**
 * A request as it is sent; `{resourceVersion}` in its body stands for the stored version of the
 * object at the path.
 */
export interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** An object that is created through the Kubernetes API: in its collection, named in the body. */
export interface Creation {
  collection: string;
  apiVersion: string;
  kind: string;
  body: { metadata: { name: string } & Record<string, unknown> } & Record<string, unknown>;
}

/** An object that is changed through the Kubernetes API; `change` is a merge patch. */
export interface Alteration {
  path: string;
  apiVersion: string;
  kind: string;
  builtIn?: boolean;
  change: Record<string, unknown>;
}

/** One write that could grant rights, as data: its effect, and the requests that can make it. */
export interface Attack {
  name: string;
  target: Target;
  /** Requests of this server's own API, each one a door of its own. */
  kapis?: readonly Request[];
  /** Requests through the Kubernetes API that are neither creations nor changes. */
  calls?: readonly Request[];
  creates?: Creation;
  changes?: Alteration;
  /**
   * Paths of objects that requests of `kapis` and `calls` may change, to be restored afterwards.
   */
  touches?: readonly string[];
  /** Requests by which the attacker uses an accepted write. */
  afterwards?: readonly Request[];
  /**
   * Only a user with all rights may make this write: its acceptance is a failure, unless it has no
   * effect.
   */
  never?: true;
  /**
   * Describes damage that is not a matter of rights; undefined if there is none. Called before the
   * write is undone.
   */
  broken?: () => Promise<string | undefined>;
}

/** A group of attacks that a scene fills in. */
export type Attacks = (scene: Scene) => readonly Attack[];

/** Headers of a merge patch, which `/kapis` also takes. */
export const MERGE = { 'content-type': 'application/merge-patch+json' } as const;
