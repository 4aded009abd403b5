import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import type { BodyBudgets } from '@ks-apiserver/http/request/body-budgets';
import type { routeFinder, upgradeRouter } from '@ks-apiserver/http/routes/router';
import type { Exchange, Filter } from '@ks-apiserver/http/server/exchange';
import type { Auditor } from '../models/auditing/auditor.ts';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import type { MemberClusters } from '../models/clusters/member-clusters.ts';
import type { Gate } from '../models/gate/gate.ts';
import type { Authenticator } from '../models/iam/login/authenticate.ts';
import type { LegacyCallDependencies } from '../models/legacy-versions/calls/legacy-call.ts';
import type { LegacyVersions } from '../models/legacy-versions/legacy-versions.ts';
import type { AgentDoor } from '../proxy/agent-door.ts';
import type { Connections } from './connections.ts';
import type { LongCalls } from './long-calls.ts';

/** An API with credentials of its own, beside that of KubeSphere. */
export interface Ingest {
  /** Whether a path belongs to the API. */
  takes(path: string): boolean;
  /** Answers a call, also a failed one. */
  handle(exchange: Exchange, bodies: BodyBudgets): Promise<void>;
}

/** What differs for calls about a member cluster that has only Kubernetes. */
export type MemberParts = Pick<
  ChainDependencies,
  | 'kubernetes'
  | 'gate'
  | 'authorizer'
  | 'router'
  | 'upgrade'
  | 'routeOf'
  | 'connections'
  | 'legacyVersions'
>;

/** The parts of a member while they are used. */
export interface MemberLease {
  parts: MemberParts;
  /** To be called once the call is over. */
  release(): void;
}

/** What the filters of the chain work with. */
export interface ChainDependencies {
  kubernetes: KubeTransport;
  /** Makes the calls to the Kubernetes API. */
  gate: Gate;
  auditor: Auditor;
  authenticator: Authenticator;
  authorizer: Authorizer;
  router: Filter;
  /** Other clusters whose calls go through this server; undefined where there are none. */
  memberClusters: MemberClusters | undefined;
  /** Opens what answers for a member that has only Kubernetes. Rejects with a StatusError. */
  memberParts: ((cluster: string, signal: AbortSignal) => Promise<MemberLease>) | undefined;
  /** Lets agents of members in; undefined where they connect to tower. */
  agents: AgentDoor | undefined;
  /** Serves protocol upgrades of this server's own routes. */
  upgrade: ReturnType<typeof upgradeRouter>;
  /** Finds the route that serves a path. */
  routeOf: ReturnType<typeof routeFinder>;
  /** Paths of routes that look at the Authorization header themselves. */
  authenticating: ReadonlySet<string>;
  /** Origins of other sites' pages that may open WebSockets. */
  webSocketOrigins: readonly string[];
  /** Calls under way: ended when the server stops or their session does. */
  connections: Connections;
  /** Calls that go on for long, by user. */
  longCalls: LongCalls;
  /** Counts request bodies in memory. */
  bodies: BodyBudgets;
  /**
   * Older versions of Kubernetes' kinds that are served here; undefined when that is turned off.
   */
  legacyVersions: LegacyVersions | undefined;
  /** Takes documents of collectors; undefined where none are stored. */
  ingest: Ingest | undefined;
  /** Schemas of Kubernetes' kinds. */
  schemaOf: LegacyCallDependencies['schemaOf'];
}
