import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { LegacyCall } from './calls/legacy-call.ts';
import { LegacyDiscovery } from './discovery/legacy-discovery.ts';
import { legacyKindOf } from './kinds.ts';
import type { LegacyKind } from './legacy-kind.ts';

/** Returns whether the Kubernetes API serves a resource in a version. */
export type Serves = (resource: GroupVersionResource) => Promise<boolean>;

/** Serves older versions of Kubernetes' own kinds for backends that have ceased to serve them. */
export class LegacyVersions {
  readonly #serves: Serves;
  readonly discovery = new LegacyDiscovery((kind) => this.bridges(kind));

  constructor(serves: Serves) {
    this.#serves = serves;
  }

  /**
   * Whether a kind is served here: the backend does not serve the older version, but the one that
   * replaces it.
   */
  async bridges(kind: LegacyKind): Promise<boolean> {
    return !(await this.#serves(kind)) && this.#serves(kind.served);
  }

  /**
   * Returns the call to make instead of one about a kind that is served here; undefined, without a
   * promise, for all others.
   */
  callOf(
    method: string,
    url: string,
    info: RequestInfo,
  ): Promise<LegacyCall | undefined> | undefined {
    const kind = info.isKubernetes && info.isResource ? kindAt(url, info) : undefined;
    return kind && this.#callOf(kind, method, url);
  }

  async #callOf(kind: LegacyKind, method: string, url: string): Promise<LegacyCall | undefined> {
    return (await this.bridges(kind)) ? new LegacyCall(kind, method, url) : undefined;
  }
}

/**
 * Returns the kind of an older version that a URL names literally, with a subresource that the kind
 * has.
 */
function kindAt(url: string, info: RequestInfo): LegacyKind | undefined {
  const { group, version, resource, subresource, cluster, workspace, devops, verb } = info;
  const kind = legacyKindOf(group, version, resource);
  if (!kind || cluster !== '' || workspace !== '' || devops !== '' || verb === 'proxy') {
    return undefined;
  }

  const isPlain = url.startsWith(`/apis/${group}/${version}/`);

  return isPlain && (subresource === '' || kind.subresources.has(subresource)) ? kind : undefined;
}
