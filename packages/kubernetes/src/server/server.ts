import type { Duplex } from 'node:stream';
import { badRequest, noSuchPath } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
  UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import { authorize, pathAttributes, resourceAttributes } from '../endpoints/access/authorize.ts';
import { impersonate } from '../endpoints/access/impersonate.ts';
import { parseApiPath } from '../endpoints/api-path.ts';
import type { Api } from '../endpoints/call.ts';
import { pretty } from '../endpoints/codec/pretty.ts';
import { Discovery } from '../endpoints/discovery/discovery.ts';
import { nonResource } from '../endpoints/discovery/non-resource.ts';
import { resolve, run, type SpecialVerbs, type Verb, verbOf } from '../endpoints/dispatch.ts';
import { ListCache } from '../endpoints/list/list-cache.ts';
import { compressResponse, errorResponse, textResponse } from '../endpoints/respond.ts';
import { computedVerbs } from '../endpoints/verbs/computed.ts';
import { specialVerbs } from '../endpoints/verbs/special-verbs.ts';
import { serveWatchSocket } from '../endpoints/verbs/watch-socket.ts';
import { OpenApiDocuments } from '../openapi/documents.ts';
import { Admission } from '../registry/admission/admission.ts';
import { validateBinding, validatePolicy } from '../registry/admission/policies/validate-policy.ts';
import { QuotaStatusWriter } from '../registry/admission/quota/status-writer.ts';
import { validateConfiguration } from '../registry/admission/webhooks/validate-configuration.ts';
import { Webhooks } from '../registry/admission/webhooks/webhooks.ts';
import { bootstrapRbac } from '../registry/authorization/bootstrap.ts';
import { bindingStrategy, roleStrategy } from '../registry/authorization/escalation.ts';
import { RbacAuthorizer } from '../registry/authorization/rbac.ts';
import { ServiceAccountTokens } from '../registry/authorization/service-account-tokens.ts';
import { GarbageCollector } from '../registry/controllers/garbage-collector.ts';
import { NamespaceController } from '../registry/controllers/namespace-controller.ts';
import { RoleAggregation } from '../registry/controllers/role-aggregation.ts';
import { StorageProtection } from '../registry/controllers/storage-protection.ts';
import { DefinitionRegistrar } from '../registry/extensions/crd/registrar.ts';
import { definitionStrategy } from '../registry/extensions/crd/strategy.ts';
import { type ComputedGroup, computedTypes } from '../registry/resources/computed-group.ts';
import { ResourceCatalog } from '../registry/resources/resource-catalog.ts';
import { ClusterIpRange } from '../registry/resources/services/cluster-ip-range.ts';
import { NumberPool } from '../registry/resources/services/number-pool.ts';
import { ServiceAllocations, serviceStrategy } from '../registry/resources/services/strategy.ts';
import { Strategies } from '../registry/resources/strategies/strategies.ts';
import type { Strategy } from '../registry/resources/strategy.ts';
import { RegistryStore } from '../registry/store/registry-store.ts';
import { WatchHub } from '../registry/store/watch-hub.ts';
import type { Backend } from '../storage/backend.ts';
import { bootstrapObjects, systemWrite } from './bootstrap.ts';
import type { KeyPair } from './certificates.ts';
import { type Listener, type ListenOptions, listen } from './listen.ts';
import { RequestSigner } from './request-signer.ts';

/** Options of a KubeApiServer. */
export interface KubeApiServerOptions {
  backend: Backend;
  /** The version that `/version` reports; begins with `v<major>.<minor>`. */
  gitVersion?: string;
  /** IPv4 network of cluster IPs; the `kubernetes` Service gets its first address. */
  serviceClusterIPRange?: string;
  /** First and last node port. */
  nodePortRange?: readonly [number, number];
  /** PEM of the key that signs ServiceAccount tokens; without it there are none. */
  serviceAccountKey?: string;
  /** Issuer of ServiceAccount tokens. */
  serviceAccountIssuer?: string;
  /** PEM in the ConfigMap kube-root-ca.crt of each namespace. */
  rootCa?: string;
  /**
   * CA that signs approved CertificateSigningRequests for client certificates; without it they are
   * not signed.
   */
  clientCa?: KeyPair;
}

interface Controller {
  close(): Promise<void>;
}

/** The identity of calls that are made by function call. */
export const SYSTEM_MASTER: UserInfo = {
  name: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
};

const DEFAULT_GIT_VERSION = 'v1.36.3+ks';
const BASE = 'http://kubernetes.default.svc';

/**
 * The embedded Kubernetes API: `endpoints → registry → storage`, called by function or over TLS.
 */
export class KubeApiServer implements KubeTransport {
  readonly #api: Api;
  readonly #discovery: Discovery;
  readonly #openapi: OpenApiDocuments;
  readonly #special: Map<string, Verb>;
  readonly #gitVersion: string;
  readonly #listeners = new Set<Listener>();
  readonly #admission: Admission;
  readonly #controllers: readonly Controller[];

  private constructor(
    api: Api,
    special: SpecialVerbs,
    gitVersion: string,
    admission: Admission,
    controllers: readonly Controller[],
  ) {
    this.#api = api;
    this.#admission = admission;
    this.#controllers = controllers;
    this.#special = new Map(special);
    this.#discovery = new Discovery(api.catalog);
    this.#openapi = new OpenApiDocuments(() => api.catalog.types());
    api.catalog.onChange(() => this.#openapi.invalidate());
    this.#gitVersion = gitVersion;
  }

  /** Opens the API on a backend, which it owns from then on. */
  static async open(options: KubeApiServerOptions): Promise<KubeApiServer> {
    const { backend } = options;
    const catalog = new ResourceCatalog();
    const ips = new ClusterIpRange(options.serviceClusterIPRange ?? '10.96.0.0/12');
    const [firstPort, lastPort] = options.nodePortRange ?? [30000, 32767];
    const allocations = new ServiceAllocations(ips, new NumberPool(firstPort, lastPort));
    const rbac = new RbacAuthorizer();

    const given = new Map<string, Strategy>([
      [
        'customresourcedefinitions.apiextensions.k8s.io',
        definitionStrategy(() => definitions.settled()),
      ],
      ['services', serviceStrategy(allocations)],
      ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
        (name) =>
          [`${name}.admissionregistration.k8s.io`, { validate: validateConfiguration }] as const,
      ),
      [
        'validatingadmissionpolicies.admissionregistration.k8s.io',
        {
          validate: (object, _old, { subresource }) =>
            subresource === '' ? validatePolicy(object) : [],
        },
      ],
      [
        'validatingadmissionpolicybindings.admissionregistration.k8s.io',
        { validate: validateBinding },
      ],
      ...['roles', 'clusterroles'].map(
        (name) => [`${name}.rbac.authorization.k8s.io`, roleStrategy(rbac)] as const,
      ),
      ...['rolebindings', 'clusterrolebindings'].map(
        (name) => [`${name}.rbac.authorization.k8s.io`, bindingStrategy(rbac)] as const,
      ),
    ]);

    const admission = new Admission(new Webhooks(catalog));
    admission.start(backend);

    const store = new RegistryStore(backend, new Strategies(given), admission);
    const hub = new WatchHub(backend);

    const tokens = new ServiceAccountTokens(
      backend,
      options.serviceAccountKey,
      options.serviceAccountIssuer,
    );

    const lists = new ListCache();
    lists.start(backend);

    const api: Api = { catalog, store, hub, rbac, tokens, lists };
    const definitions = new DefinitionRegistrar(catalog, store, hub, systemWrite);

    definitions.start();
    allocations.start(backend);
    rbac.start(backend);
    await bootstrapObjects(api, ips.first);
    await bootstrapRbac(catalog, store, systemWrite);

    admission.startQuotas((ledger) => {
      const quotas = catalog.require('', 'v1', 'resourcequotas');
      return new QuotaStatusWriter(store, quotas, ledger, systemWrite);
    });

    const controllers = [
      definitions,
      new RoleAggregation(catalog, store, systemWrite),
      new GarbageCollector(catalog, store, systemWrite),
      new StorageProtection(catalog, store, systemWrite),
      new NamespaceController(catalog, store, systemWrite, options.rootCa),
      ...(options.clientCa
        ? [new RequestSigner(catalog, store, systemWrite, options.clientCa)]
        : []),
    ];

    const others = controllers.filter((controller) => controller !== definitions);
    await Promise.all(others.map((controller) => controller.start()));

    return new KubeApiServer(
      api,
      specialVerbs(),
      options.gitVersion ?? DEFAULT_GIT_VERSION,
      admission,
      controllers,
    );
  }

  /** Calls the API with its own identity. */
  request(request: KubeRequest): Promise<KubeResponse> {
    return this.handle(request, SYSTEM_MASTER);
  }

  /** Calls the API as a user; errors come as a Status, never as a rejection. */
  async handle(request: KubeRequest, user: UserInfo): Promise<KubeResponse> {
    try {
      if (!URL.canParse(request.url, BASE)) {
        throw badRequest('the path of the request is malformed');
      }

      const url = new URL(request.url, BASE);
      const path = /^\/apis?\//.test(url.pathname) ? parseApiPath(url.pathname) : undefined;
      if (path === undefined) {
        authorize(
          this.#api.rbac,
          user,
          pathAttributes(url.pathname, request.method === 'HEAD' ? 'get' : request.method),
        );
      }

      const answer = await nonResource(
        request,
        url,
        this.#discovery,
        this.#openapi,
        this.#api.tokens,
        this.#gitVersion,
      );

      if (answer) {
        return await compressResponse(request, await pretty(request, url.searchParams, answer));
      }

      this.#authorizeResource(request, url, user, path);

      const versions = path && this.#api.catalog.groups().get(path.group);
      if (!versions) {
        return textResponse('404 page not found\n', 404);
      }

      if (!versions.includes(path.version)) {
        if (this.#isCustomGroup(path.group)) {
          return textResponse('404 page not found\n', 404);
        }
        throw noSuchPath();
      }

      const { call, run: verb } = resolve(this.#api, this.#special, request, url, user, path);

      return await compressResponse(
        request,
        await pretty(request, url.searchParams, await run(verb, call)),
      );
    } catch (error) {
      return errorResponse(error);
    }
  }

  /**
   * Authorizes before the resource is looked up, so that callers do not learn whether it exists.
   */
  #authorizeResource(
    request: KubeRequest,
    url: URL,
    user: UserInfo,
    path = parseApiPath(url.pathname),
  ): void {
    if (!path || user.groups.includes('system:masters')) {
      return;
    }

    const verb = verbOf(request.method, path, url.searchParams) ?? request.method.toLowerCase();
    authorize(this.#api.rbac, user, resourceAttributes(path, verb, url.searchParams));
  }

  /** The user of a ServiceAccount token; undefined when it is not valid. */
  authenticateToken(token: string): Promise<UserInfo | undefined> {
    return this.#api.tokens.authenticate(token);
  }

  /**
   * The user that a request acts as by its Impersonate- headers; throws a StatusError 403 where
   * that is not allowed.
   */
  impersonate(headers: KubeRequest['headers'], user: UserInfo): UserInfo {
    return impersonate(this.#api.rbac, headers, user);
  }

  /** Whether CustomResourceDefinitions define all resources of a group. */
  #isCustomGroup(group: string): boolean {
    return this.#api.catalog.types().every((type) => type.group !== group || type.custom);
  }

  /**
   * Answers like a request without the upgrade: the only upgrade that is served here is a watch,
   * which callers by function run themselves.
   */
  upgrade(request: KubeRequest): Promise<KubeResponse> {
    return this.request(request);
  }

  /**
   * Runs the call, which throws why it cannot be served: no subresource with a WebSocket works
   * here.
   */
  async webSocket(url: string): Promise<never> {
    const request = { method: 'GET', url, headers: {} };

    const { call, run } = resolve(
      this.#api,
      this.#special,
      request,
      new URL(url, BASE),
      SYSTEM_MASTER,
    );

    await run(call);

    throw badRequest('the embedded Kubernetes API serves no WebSocket at this path');
  }

  /** Serves a watch over a WebSocket for a user; refuses other upgrades on the socket. */
  upgradeAs(request: KubeRequest, socket: Duplex, head: Uint8Array, user: UserInfo): void {
    serveWatchSocket(request, socket, head, () => {
      const url = new URL(request.url, BASE);
      this.#authorizeResource(request, url, user);
      return resolve(this.#api, this.#special, request, url, user);
    });
  }

  /** Serves a group whose objects are computed when they are read. */
  serveComputed(group: ComputedGroup): void {
    for (const [key, verb] of computedVerbs(group)) {
      this.#special.set(key, verb);
    }

    this.#api.catalog.setCustom(group.group, computedTypes(group));
  }

  /** Serves TLS; the listener is closed with the server. */
  async listen(options: ListenOptions): Promise<Listener> {
    const listener = await listen(this, options);
    this.#listeners.add(listener);
    return listener;
  }

  /** Ends watches, closes listeners and the backend. */
  async close(): Promise<void> {
    this.#api.hub.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    await Promise.all(this.#controllers.map((controller) => controller.close()));
    await this.#admission.close();
    await this.#api.store.backend.close();
  }
}
