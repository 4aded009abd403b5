import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { LegacyCall } from './calls/legacy-call.ts';
import { LegacyDiscovery } from './discovery/legacy-discovery.ts';
import { legacyKindOf } from './kinds.ts';
import type { LegacyKind } from './legacy-kind.ts';

/** Tells whether the Kubernetes API serves a resource in a version. */
export type Serves = (resource: GroupVersionResource) => Promise<boolean>;

/** Older versions of Kubernetes' own kinds, for backends that have ceased to serve them. */
export class LegacyVersions {
  readonly #serves: Serves;
  readonly discovery = new LegacyDiscovery((kind) => this.bridges(kind));

  constructor(serves: Serves) {
    this.#serves = serves;
  }

  /**
   * Whether a kind is served here: the backend has it in no older version, but in the one that
   * takes its place.
   */
  async bridges(kind: LegacyKind): Promise<boolean> {
    return !(await this.#serves(kind)) && this.#serves(kind.served);
  }

  /**
   * The call as it is to be made where it is about a kind that is served here; undefined for all
   * others, nothing is awaited.
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

/** The kind of an older version that a URL names in plain words, with a subresource that it has. */
function kindAt(url: string, info: RequestInfo): LegacyKind | undefined {
  const { group, version, resource, subresource, cluster, workspace, devops, verb } = info;
  const kind = legacyKindOf(group, version, resource);
  if (!kind || cluster !== '' || workspace !== '' || devops !== '' || verb === 'proxy') {
    return undefined;
  }

  const isPlain = url.startsWith(`/apis/${group}/${version}/`);

  return isPlain && (subresource === '' || kind.subresources.has(subresource)) ? kind : undefined;
}
