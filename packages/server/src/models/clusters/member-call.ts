import type { IncomingHttpHeaders } from 'node:http';
import { KUBESPHERE_SERVICE } from '@ks-apiserver/client/kube/probe';
import { callHeaders } from '@ks-apiserver/upstreams/forwarded-headers';
import type { Door } from './member.ts';

/** A call that names a cluster. */
export interface ClusterCall {
  /** Path and query, encoded. */
  url: string;
  headers: IncomingHttpHeaders;
  sourceIP: string;
}

/** The same call as the member gets it. */
export interface MemberCall {
  url: string;
  headers: Record<string, string>;
}

/**
 * Returns a path and query without `/clusters/NAME` behind the first segment, however the name is
 * encoded.
 */
export function withoutCluster(url: string): string {
  return url.replace(/^(\/[^/?]+)\/clusters\/[^/?]+/, '$1');
}

/**
 * Returns the call as the member gets it. Behind the member's Kubernetes API, which takes the
 * `Authorization` header and `dryRun` for itself, the caller's go under other names.
 */
export function memberCall(call: ClusterCall, door: Door): MemberCall {
  const { authorization: _, ...headers } = callHeaders(call);
  const { authorization = '' } = call.headers;
  const url = withoutCluster(call.url);

  if (door === 'own') {
    return { url, headers: { ...headers, ...(authorization !== '' && { authorization }) } };
  }

  return {
    url: KUBESPHERE_SERVICE + url.replace(/([?&])dryRun=/, '$1dryrun='),
    headers: { ...headers, 'x-kubesphere-authorization': authorization },
  };
}

/** Returns the query of a call's URL as the header in which upgrades carry it as well. */
export function queryHeader(url: string): Record<string, string> {
  const mark = url.indexOf('?');
  return mark < 0 ? {} : { 'x-kubesphere-rawquery': url.slice(mark + 1) };
}
