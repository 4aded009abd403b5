import { createHash } from 'node:crypto';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { ResourceCatalog } from '../../registry/resources/resource-catalog.ts';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import { parseAccept } from '../codec/negotiate.ts';
import { NOT_KEPT, taggedDocument } from '../codec/tagged-document.ts';
import { jsonResponse } from '../respond.ts';

/**
 * The hash by which clients find out that two kinds are stored as the same one (kube-apiserver's
 * StorageVersionHash).
 */
function storageVersionHash({ storage, kind }: ResourceType): string {
  const digest = createHash('sha256')
    .update(`${storage.group}/${storage.version}/${kind}`)
    .digest();
  return digest.subarray(0, 8).toString('base64');
}

/** A kind is listed with its group and version only where these differ from the list's. */
function resourcesOf(types: readonly ResourceType[]): unknown[] {
  return types.flatMap((type) => [
    {
      name: type.resource,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: type.verbs,
      ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
      ...(type.categories.length > 0 && { categories: type.categories }),
      ...(type.verbs.includes('watch') && { storageVersionHash: storageVersionHash(type) }),
    },
    ...type.subresources.map((subresource) => ({
      name: `${type.resource}/${subresource.name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(subresource.group !== undefined && {
        group: subresource.group,
        version: subresource.version,
      }),
      kind: subresource.kind ?? type.kind,
      verbs: subresource.verbs,
    })),
  ]);
}

function aggregatedResource(type: ResourceType): unknown {
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
    ...(type.categories.length > 0 && { categories: type.categories }),
    ...(type.subresources.length > 0 && {
      subresources: type.subresources.map(({ name, verbs, kind, group, version }) => ({
        subresource: name,
        responseKind: {
          group: group ?? type.group,
          version: version ?? type.version,
          kind: kind ?? type.kind,
        },
        verbs,
      })),
    }),
  };
}

function groupOf(name: string, versions: readonly string[]) {
  const groupVersions = versions.map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));

  return { name, versions: groupVersions, preferredVersion: groupVersions[0] };
}

/** The versions of the core group, with the address by which the client reached the server. */
function versions(serverAddress: string): unknown {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

/** The aggregated version that an Accept header prefers to plain discovery. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json' && type !== '*/*') {
      continue;
    }

    if (parameters.get('as') !== 'APIGroupDiscoveryList') {
      if (parameters.size === 0 || !parameters.has('as')) {
        return undefined;
      }
      continue;
    }

    const version = parameters.get('v');
    if (
      parameters.get('g') === 'apidiscovery.k8s.io' &&
      (version === 'v2' || version === 'v2beta1')
    ) {
      return version;
    }
  }

  return undefined;
}

/**
 * Discovery documents, made from the catalog and kept until it changes (Kubernetes "The Kubernetes
 * API", "Discovery API").
 */
export class Discovery {
  readonly #catalog: ResourceCatalog;
  readonly #documents = new Map<string, Buffer>();
  #generation = -1;

  constructor(catalog: ResourceCatalog) {
    this.#catalog = catalog;
  }

  /** The response to a discovery path; undefined for other paths and unknown groups. */
  answer(path: string, request: Pick<KubeRequest, 'headers'>): KubeResponse | undefined {
    const { accept, host } = request.headers;

    if (this.#generation !== this.#catalog.generation) {
      this.#documents.clear();
      this.#generation = this.#catalog.generation;
    }

    const aggregated = path === '/api' || path === '/apis' ? aggregatedVersion(accept) : undefined;
    if (path === '/api' && !aggregated) {
      return jsonResponse(versions(host ?? ''));
    }

    const key = `${aggregated ?? ''}${path}`;
    let document = this.#documents.get(key);
    if (!document) {
      const value = aggregated
        ? this.#aggregated(path === '/api' ? 'api' : 'apis', aggregated)
        : this.#plain(path);
      if (value === undefined) {
        return undefined;
      }

      document = Buffer.from(JSON.stringify(value));
      this.#documents.set(key, document);
    }

    if (!aggregated) {
      return {
        status: 200,
        headers: { 'content-type': 'application/json', vary: 'Accept', 'cache-control': NOT_KEPT },
        body: document,
      };
    }

    return taggedDocument(request, document, {
      'content-type': `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`,
      vary: 'Accept',
      'cache-control': 'public',
    });
  }

  #aggregated(prefix: 'api' | 'apis', version: string): unknown {
    const isServedHere = (group: string) => (group === '') === (prefix === 'api');
    const groups = [...this.#catalog.groups()].filter(([name]) => isServedHere(name));

    return {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: groups.map(([name, versions]) => ({
        metadata: { ...(name && { name }), creationTimestamp: null },
        versions: versions.map((served) => ({
          version: served,
          resources: this.#catalog.types(name, served).map(aggregatedResource),
          freshness: 'Current',
        })),
      })),
    };
  }

  #plain(path: string): unknown {
    const parts = path.split('/').slice(1);

    if (path === '/apis') {
      const groups = [...this.#catalog.groups()].filter(([name]) => name !== '');
      return {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: groups.map(([name, versions]) => groupOf(name, versions)),
      };
    }

    const [prefix, first = '', second] = parts;
    if (prefix === 'apis' && parts.length === 2) {
      const versions = this.#catalog.groups().get(first);
      return versions && first !== ''
        ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(first, versions) }
        : undefined;
    }

    const [group, version] = prefix === 'api' && parts.length === 2 ? ['', first] : [first, second];

    if (
      parts.length > 3 ||
      (group === '') !== (prefix === 'api') ||
      version === undefined ||
      !this.#catalog.groups().get(group)?.includes(version)
    ) {
      return undefined;
    }

    const types = this.#catalog.types(group, version);

    return {
      kind: 'APIResourceList',
      // Kubernetes leaves the version of the list out for the core group.
      ...(group !== '' && { apiVersion: 'v1' }),
      groupVersion: apiVersionOf({ group, version }),
      resources: resourcesOf(types),
    };
  }
}

/** `GET /version` (Kubernetes apimachinery version.Info). */
export function versionResponse(gitVersion: string): KubeResponse {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];

  return jsonResponse({
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  });
}
