import type { TestPlatform } from '../support/test-platform.ts';
import type { Attacker } from './attackers.ts';
import type { Tenants } from './built-in-roles.ts';

/** Whose rights or things an attack is after. */
export type Target =
  | 'self'
  | 'other user'
  | 'system namespaces'
  | 'system-workspace'
  | 'another tenant'
  | 'platform';

/** Where an attack takes place: who attacks, for whom else, and what is there. */
export interface Scene {
  platform: TestPlatform;
  tenants: Tenants;
  attacker: Attacker;
  /** Name of a user without any role. */
  other: string;
  /** Name of a user who may do everything. */
  root: string;
  /** Name of a group of the attackers' workspace that administers it. */
  group: string;
  /** A request for a certificate in that user's name, base64 of PEM. */
  signingRequest: string;
}

/**
 * A request as it is sent; `{resourceVersion}` in its body stands for that of the object of the
 * path, as it is stored.
 */
export interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** An object that is made through the Kubernetes API: in its collection, named in the body. */
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

/** One write that can grant, as data: what it does, and through which requests it can be made. */
export interface Attack {
  name: string;
  target: Target;
  /** Requests of this server's own API, each one a door of its own. */
  kapis?: readonly Request[];
  /** Requests through the Kubernetes API that are neither of the next two. */
  calls?: readonly Request[];
  creates?: Creation;
  changes?: Alteration;
  /**
   * Paths of objects that requests of `kapis` and `calls` may change, to be written back as they
   * were.
   */
  touches?: readonly string[];
  /** What the attacker does after something was accepted, to have the good of it. */
  afterwards?: readonly Request[];
  /**
   * Nobody but who may do everything makes it at all: it is a failure that it is accepted, unless
   * nothing comes of it.
   */
  never?: true;
  /**
   * Says what has been broken, where that is not a matter of rights; undefined when nothing is.
   * Asked before it is undone.
   */
  broken?: () => Promise<string | undefined>;
}

/** A group of attacks, which a scene makes concrete. */
export type Attacks = (scene: Scene) => readonly Attack[];

/** Headers of a merge patch, which `/kapis` takes too. */
export const MERGE = { 'content-type': 'application/merge-patch+json' } as const;
