import { CLUSTERS } from '@ks-apiserver/api/resources';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { steadyNow } from '@ks-apiserver/client/informer/steady-clock';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { compareGroups } from '../../resources/catalog/discovery.ts';
import { pluralOf } from '../../resources/catalog/resource-names.ts';
import type { MemberClusters } from '../member-clusters.ts';
import type { MemberScopes } from '../member-scopes.ts';
import type { ClusterSelection } from './cluster-selection.ts';
import type { AccessIn, ClusterScope, ClusterSources, ClusterState } from './cluster-source.ts';
import { type ChosenCluster, chosenClusters } from './known-clusters.ts';
import { Patience, WaitingTime } from './patience.ts';
import { type Found, SourceOpener, type SourceRequest } from './source-opener.ts';

/** How long an answer waits for clusters that have not been read yet, in milliseconds. */
const WAIT_MS = 2000;

/** What lists of several clusters are made from. */
export interface ClusterListsDependencies {
  members: Pick<MemberClusters, 'find' | 'names'>;
  scopes: Pick<MemberScopes, 'use'>;
  host: ClusterScope;
}

/** A call for a list of several clusters. */
export interface ClusterListCall {
  /** Plural name of the resource, or `plural.group`. */
  resources: string;
  selection: ClusterSelection;
  caller: UserInfo;
  accessIn: AccessIn;
}

/** What a caller knows of clusters, apart from an answer. */
interface Audience {
  /** They may list Clusters. */
  knowsAll: boolean;
  /** They have named the clusters themselves. */
  names: boolean;
}

type Answer = ChosenCluster & { found: Found | undefined };

/** Finds the lists of the same kind in several clusters, with what their caller may see of each. */
export class ClusterLists {
  readonly #members: ClusterListsDependencies['members'];
  readonly #host: ClusterScope;
  readonly #opener: SourceOpener;
  readonly #waitMs: number;

  constructor(
    { members, scopes, host }: ClusterListsDependencies,
    { waitMs = WAIT_MS }: { waitMs?: number } = {},
  ) {
    this.#members = members;
    this.#host = host;
    this.#opener = new SourceOpener(scopes, host, new Patience());
    this.#waitMs = waitMs;
  }

  /**
   * Finds the lists. Clusters that do not answer in time are named as missing. Throws Forbidden for
   * a selector of labels from a caller who may not list Clusters, and BadRequest for a kind that
   * cannot be listed.
   */
  async open(call: ClusterListCall): Promise<ClusterSources> {
    const knowsAll = this.#mayListClusters(call.caller);
    if (call.selection.matches && !knowsAll) {
      throw forbidden(
        { group: CLUSTERS.group, resource: CLUSTERS.resource },
        'who chooses clusters by their labels needs the right to list clusters; use * or names',
      );
    }

    const chosen = await chosenClusters(this.#members, call.selection);
    const time = new WaitingTime(this.#waitMs);
    const answers = await this.#ask(chosen, call, time).finally(() => time.end());

    return sourcesOf(answers, { knowsAll, names: call.selection.names !== undefined });
  }

  #mayListClusters(caller: UserInfo): boolean {
    const { authorizer } = this.#host;
    return (
      authorizer.allows(caller, parseRequestInfo('GET', resourcePath(CLUSTERS))) ||
      authorizer.allows(
        caller,
        parseRequestInfo('GET', '/kapis/resources.kubesphere.io/v1alpha3/clusters'),
      )
    );
  }

  async #ask(
    chosen: readonly ChosenCluster[],
    { resources, caller, accessIn }: ClusterListCall,
    time: WaitingTime,
  ): Promise<Answer[]> {
    const request = { resources: await this.#qualified(resources), caller, accessIn, time };
    const answers = await settled(chosen.map((cluster) => this.#askOne(cluster, request)));
    const group = groupOf(answers);

    // The same plural name may mean kinds of different groups: all are of the first of these.
    const again = answers.map((answer) => {
      const { found } = answer;
      if (found?.state !== 'found' || found.source.definition.group === group) {
        return answer;
      }

      found.release();
      const qualified = { ...request, resources: `${pluralOf(resources)}.${group}` };

      return this.#askOne(answer, qualified);
    });

    return settled(again);
  }

  async #askOne(cluster: ChosenCluster, request: SourceRequest): Promise<Answer> {
    const { name, kind } = cluster;

    switch (kind) {
      case 'missing':
        return { ...cluster, found: undefined };
      case 'host':
        return { ...cluster, found: await this.#opener.inHost(name, request) };
      case 'member':
        return { ...cluster, found: await this.#opener.inMember(name, request) };
    }
  }

  /** Returns the name of a kind with its group, if the host knows it and not by the table. */
  async #qualified(resources: string): Promise<string> {
    const definition = await this.#host.catalog.resolve(resources);
    return definition?.needsOwnRight && definition.group !== ''
      ? `${definition.resource}.${definition.group}`
      : resources;
  }
}

function sourcesOf(answers: readonly Answer[], audience: Audience): ClusterSources {
  const found = answers.flatMap(({ found: one }) => (one?.state === 'found' ? one : []));

  return {
    sources: found.map(({ source }) => source),
    states: answers.flatMap((answer) => stateOf(answer, audience) ?? []),
    // Who names clusters is told that of those alone of which they may know.
    isIncomplete:
      (audience.knowsAll || !audience.names) &&
      answers.some((answer) => answer.found?.state === 'unreachable'),
    release: () => {
      for (const { release } of found) {
        release();
      }
    },
  };
}

/** Returns the group whose kind is meant: of the host, or the first in the order of groups. */
function groupOf(answers: readonly Answer[]): string | undefined {
  const groups = answers.flatMap(({ kind, found }) =>
    found?.state === 'found' ? { kind, group: found.source.definition.group } : [],
  );

  return (groups.find(({ kind }) => kind === 'host') ?? groups.sort(compareGroups)[0])?.group;
}

/** Waits for all; if one is refused, what the others hold is released. */
async function settled(pending: readonly (Answer | Promise<Answer>)[]): Promise<Answer[]> {
  const results = await Promise.allSettled(pending);
  const answers = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) {
    return answers;
  }

  for (const { found } of answers) {
    if (found?.state === 'found') {
      found.release();
    }
  }

  throw failed.reason;
}

function sinceOf(staleSince: number): string {
  const at = new Date(Date.now() - (steadyNow() - staleSince));
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** Returns what a caller is told of a cluster; undefined if they must not know that it is there. */
function stateOf({ name, found }: Answer, { knowsAll, names }: Audience): ClusterState | undefined {
  if (found?.state === 'found') {
    const { staleSince } = found.source;
    return staleSince === undefined
      ? { name, state: 'ready' }
      : { name, state: 'stale', since: sinceOf(staleSince) };
  }

  if (!knowsAll && !(found?.state === 'unreachable' && found.isPermitted)) {
    const reason = 'there is no such cluster, or it has nothing for you, or it cannot be read now';
    return names ? { name, state: 'unknown', reason } : undefined;
  }

  if (!found) {
    return { name, state: 'unknown', reason: 'there is no such cluster' };
  }

  return found.state === 'forbidden'
    ? { name, state: found.state }
    : { name, state: found.state, reason: found.reason };
}
