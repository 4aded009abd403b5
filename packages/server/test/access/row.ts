/** Callers: one without credentials, users with one role each, and the administrator. */
export const CALLERS = [
  'anonymous',
  'regular',
  'users-manager',
  'workspaces-manager',
  'ws-viewer',
  'ns-viewer',
  'ns-operator',
  'ws-admin',
  'admin',
] as const;

/** One of the callers. */
export type Caller = (typeof CALLERS)[number];

/**
 * Owner of the requested objects: the members' own workspace and project, another tenant's, or
 * none.
 */
export const TENANTS = {
  own: { workspace: 'ws-a', namespace: 'ns-a', devops: 'dev-a' },
  other: { workspace: 'ws-b', namespace: 'ns-b', devops: 'dev-b' },
  none: { workspace: 'nosuch', namespace: 'default', devops: 'nosuch' },
} as const;

/** One of the tenants. */
export type Tenant = keyof typeof TENANTS;

/** Groups of callers that many rows share. */
export const EVERYBODY: readonly Caller[] = CALLERS;
export const PLATFORM: readonly Caller[] = ['admin'];
export const MANAGERS: readonly Caller[] = ['workspaces-manager', 'admin'];

/** A call and its permitted callers, for each tenant or for all alike. */
export interface Row {
  resources?: string;
  /** Rest of the path, for routes that end in `{path:*}`. */
  path?: string;
  /** Query of the call, with its question mark. */
  query?: string;
  /** The route changes something although it is a GET. */
  acts?: boolean;
  /** The route answers 404, not 403, to callers who may not know of the object. */
  hides?: boolean;
  name?: string;
  allowed: readonly Caller[] | Readonly<Record<Tenant, readonly Caller[]>>;
}

/**
 * Members of the own workspace and project; 3.0's workspaces-manager manages every project of the
 * platform.
 */
export const members = (...own: Caller[]) => ({
  own: [...own, ...MANAGERS],
  other: MANAGERS,
  none: MANAGERS,
});

/** Callers who may run commands in containers; the manager's rules do not name `pods/exec`. */
export const EXECUTORS: Row['allowed'] = {
  own: ['ns-operator', 'ws-admin', 'admin'],
  other: PLATFORM,
  none: PLATFORM,
};

export const LOGGED_IN: readonly Caller[] = CALLERS.slice(1);
export const READERS: readonly Caller[] = ['ws-viewer', 'ns-viewer', 'ns-operator', 'ws-admin'];

/** Rows by `METHOD path` of a route. */
export type Table = Readonly<Record<string, readonly Row[]>>;
