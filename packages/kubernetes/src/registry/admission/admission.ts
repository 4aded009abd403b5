import type { Backend } from '../../storage/backend.ts';
import { qualifiedResource, type ResourceType } from '../resources/resource-type.ts';
import type { AdmissionPlugin, Attributes } from './attributes.ts';
import { KindCache } from './kind-cache.ts';
import { limitRanger } from './limit-ranger.ts';
import { defaultTolerationSeconds, priority, runtimeClass } from './pod-defaults.ts';
import { QuotaLedger, type QuotaStatus } from './quota/ledger.ts';
import { chargeQuota } from './quota/resource-quota.ts';
import { serviceAccount, serviceAccountKey, usesDefaultAccount } from './service-account.ts';
import { requireStarted } from './started.ts';
import {
  claimResize,
  defaultIngressClass,
  defaultStorageClass,
  storageObjectInUseProtection,
} from './storage.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

/**
 * How long a pod waits for the ServiceAccount that its new namespace is about to get, in
 * milliseconds.
 */
const ACCOUNT_WAIT_MS = 1_000;

interface Plan {
  admit: readonly NonNullable<AdmissionPlugin['admit']>[];
  validate: readonly NonNullable<AdmissionPlugin['validate']>[];
}

function cache(group: string, resource: string): KindCache {
  return new KindCache(`/registry/${group}/${resource}/`);
}

/**
 * The chain of admission plugins in Kubernetes' order. NamespaceLifecycle runs before it
 * (`namespace-lifecycle.ts`).
 */
export class Admission {
  readonly #caches = {
    limitRanges: cache('core', 'limitranges'),
    priorityClasses: cache('scheduling.k8s.io', 'priorityclasses'),
    runtimeClasses: cache('node.k8s.io', 'runtimeclasses'),
    storageClasses: cache('storage.k8s.io', 'storageclasses'),
    ingressClasses: cache('networking.k8s.io', 'ingressclasses'),
  };

  readonly #plugins: readonly AdmissionPlugin[] = [
    limitRanger(this.#caches.limitRanges),
    serviceAccount,
    priority(this.#caches.priorityClasses),
    defaultTolerationSeconds,
    defaultStorageClass(this.#caches.storageClasses),
    storageObjectInUseProtection,
    claimResize(this.#caches.storageClasses),
    runtimeClass(this.#caches.runtimeClasses),
    defaultIngressClass(this.#caches.ingressClasses),
  ];

  readonly #plans = new Map<string, Plan>();
  readonly #webhooks: Webhooks;
  readonly #ledger = new QuotaLedger((account) => void this.#quotaStatus?.write(account));
  #quotaStatus: QuotaStatus | undefined;
  #backend: Backend | undefined;

  constructor(webhooks: Webhooks) {
    this.#webhooks = webhooks;
  }

  /** Reads the objects that the plugins need, and follows their changes. */
  start(backend: Backend): void {
    this.#backend = backend;

    for (const kinds of Object.values(this.#caches)) {
      kinds.start(backend);
    }

    this.#webhooks.start(backend);
  }

  /** Begins to count for ResourceQuotas; `writer` makes the writer of their status. */
  startQuotas(writer: (ledger: QuotaLedger) => QuotaStatus): void {
    this.#quotaStatus = writer(this.#ledger);
    this.#ledger.start(requireStarted(this.#backend));
  }

  #planOf(type: ResourceType): Plan {
    const key = qualifiedResource({ group: type.storage.group, resource: type.storage.resource });
    let plan = this.#plans.get(key);
    if (!plan) {
      const plugins = this.#plugins.filter(
        ({ resources }) => !resources || resources.includes(key),
      );

      plan = {
        admit: plugins.flatMap(({ admit }) => (admit ? [admit] : [])),
        validate: plugins.flatMap(({ validate }) => (validate ? [validate] : [])),
      };

      this.#plans.set(key, plan);
    }

    return plan;
  }

  /**
   * Whether a write has to wait for a webhook or a ServiceAccount, so that it cannot be decided
   * inside its commit.
   */
  mustWait(attributes: Omit<Attributes, 'context' | 'old'>): boolean {
    return this.#webhooks.concern(attributes) || this.#needsAccount(attributes);
  }

  #needsAccount({
    type,
    operation,
    subresource,
    namespace,
    object,
  }: Omit<Attributes, 'context' | 'old'>): boolean {
    if (
      type.resource !== 'pods' ||
      type.group !== '' ||
      operation !== 'CREATE' ||
      subresource !== ''
    ) {
      return false;
    }

    // The pod of an apply is not known before the write is decided: it may use any account.
    if (object && !usesDefaultAccount(object)) {
      return false;
    }

    return this.#backend?.get(serviceAccountKey(namespace, 'default')) === undefined;
  }

  /** Resolves once a namespace has its default ServiceAccount, cannot get it, or the time is over. */
  #accountExists(namespace: string): Promise<void> {
    const backend = requireStarted(this.#backend);
    const key = serviceAccountKey(namespace, 'default');

    return new Promise((resolve) => {
      const done = () => {
        stop();
        clearTimeout(timer);
        resolve();
      };

      const timer = setTimeout(done, ACCOUNT_WAIT_MS);

      const stop = backend.onCommit((events) => {
        if (events.some((event) => event.key === key)) {
          done();
        }
      });

      if (backend.get(key) || !backend.get(`/registry/core/namespaces/${namespace}`)) {
        done();
      }
    });
  }

  /** Lets the plugins change `attributes.object`; throws the StatusError of one that refuses. */
  admit(attributes: Attributes): void {
    for (const plugin of this.#planOf(attributes.type).admit) {
      plugin(attributes);
    }
  }

  /** The same with webhooks, and after waiting for the ServiceAccount that a pod needs. */
  async admitWithWebhooks(attributes: Attributes): Promise<void> {
    if (this.#needsAccount(attributes)) {
      await this.#accountExists(attributes.namespace);
    }

    this.admit(attributes);
    await this.#webhooks.mutate(attributes, () => this.admit(attributes));
  }

  /** Lets the plugins check the final object; throws the StatusError of one that refuses. */
  validate(attributes: Attributes): void {
    for (const plugin of this.#planOf(attributes.type).validate) {
      plugin(attributes);
    }
  }

  /** The same with webhooks. */
  async validateWithWebhooks(attributes: Attributes): Promise<void> {
    this.validate(attributes);
    await this.#webhooks.validate(attributes);
  }

  /**
   * Counts an object that is to be stored towards the quotas of its namespace; throws a StatusError
   * 403. Must be called inside the commit.
   */
  charge(attributes: Attributes): boolean {
    return chargeQuota(this.#ledger, attributes);
  }

  /** Resolves once the quotas of a namespace show what was charged to them. */
  charged(namespace: string): Promise<void> {
    return this.#quotaStatus?.settled(namespace) ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#quotaStatus?.close();
    this.#webhooks.close();
  }
}
