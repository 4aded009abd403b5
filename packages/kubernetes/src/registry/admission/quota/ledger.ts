import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend, StorageEvent } from '../../../storage/backend.ts';
import { requireStarted } from '../started.ts';
import { Account } from './account.ts';

const QUOTAS = '/registry/core/resourcequotas/';

/** Objects that are counted in one step for a new quota. */
const SCAN_STEP = 500;

/** A storage key of a namespaced object in its parts; undefined for other keys. */
function partsOf(key: string): { group: string; resource: string; namespace: string } | undefined {
  const [, , group = '', resource = '', namespace = '', name] = key.split('/');
  return name === undefined
    ? undefined
    : { group: group === 'core' ? '' : group, resource, namespace };
}

/**
 * The accounts of one quota: `current` is in force; `next` is still being counted and will replace
 * it.
 */
interface Entry {
  current?: Account;
  next?: Account;
  touched?: Set<string>;
}

/** Keeps the status of ResourceQuotas up to date. */
export interface QuotaStatus {
  /** Resolves once the status of a quota shows everything that was counted before the call. */
  write(account: Account): Promise<void>;
  /** Resolves once the quotas of a namespace show what was counted so far. */
  settled(namespace: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * The use of every ResourceQuota: counted once when the quota is created, then updated with each
 * event.
 */
export class QuotaLedger {
  readonly #namespaces = new Map<string, Map<string, Entry>>();
  readonly #changed: (account: Account) => void;
  #backend: Backend | undefined;

  /** `changed` is called when an account no longer agrees with its stored status. */
  constructor(changed: (account: Account) => void) {
    this.#changed = changed;
  }

  /** Counts for the stored quotas, and follows every event from now on. */
  start(backend: Backend): void {
    this.#backend = backend;

    for (const stored of backend.range({ prefix: QUOTAS })) {
      this.#begin(stored.parse<KubeObject>());
    }

    backend.onCommit((events) => {
      for (const event of events) {
        if (event.key.startsWith(QUOTAS)) {
          this.#followQuota(event);
        }
        if (this.#namespaces.size > 0) {
          this.#follow(event);
        }
      }
    });
  }

  /** Whether a namespace has a quota. */
  has(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  /**
   * Quotas of a namespace by name; `counted` is false for one that is counted for the first time.
   */
  accounts(namespace: string): { account: Account; counted: boolean }[] {
    return [...(this.#namespaces.get(namespace)?.entries() ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, { current, next }]) => {
        const account = current ?? next;
        return account ? [{ account, counted: current !== undefined }] : [];
      });
  }

  /** Counts an object as it is stored now, after a write that was counted already failed. */
  recount(key: string): void {
    const object = requireStarted(this.#backend).get(key);
    this.#hold(key, object?.shared<KubeObject>());
  }

  #followQuota({ type, object, previous }: StorageEvent): void {
    const quota = object.shared<KubeObject>();
    const { namespace = '', name = '' } = quota.metadata;

    if (type === 'DELETED') {
      const entries = this.#namespaces.get(namespace);
      entries?.delete(name);

      if (entries?.size === 0) {
        this.#namespaces.delete(namespace);
      }

      return;
    }

    const before = previous?.shared<KubeObject>();

    // A status that another client wrote stays until something is counted, as with Kubernetes'
    // controller.
    if (
      before &&
      before.metadata.uid === quota.metadata.uid &&
      equalJson(before.spec, quota.spec)
    ) {
      return;
    }

    this.#begin(object.parse<KubeObject>());
  }

  #begin(quota: KubeObject): void {
    const account = new Account(quota);
    let entries = this.#namespaces.get(account.namespace);
    if (!entries) {
      entries = new Map();
      this.#namespaces.set(account.namespace, entries);
    }

    const entry = entries.get(account.name) ?? {};
    entries.set(account.name, entry);
    entry.next = account;
    entry.touched = new Set();

    const scan = this.#scan(account, entry.touched);

    const go = (): void => {
      if (entry.next !== account || entries.get(account.name) !== entry) {
        return void scan.return();
      }

      if (!scan.next().done) {
        setImmediate(go);
        return;
      }

      account.counted = true;
      entry.current = account;
      delete entry.next;
      delete entry.touched;
      this.#changed(account);
    };

    go();
  }

  /** Counts the stored objects, yielding after each step. */
  *#scan(account: Account, touched: ReadonlySet<string>): Generator<void, void> {
    let count = 0;

    for (const name of account.resources()) {
      const [group = '', resource = ''] = name.split('/');
      const objects = requireStarted(this.#backend).range({
        prefix: `/registry/${group || 'core'}/${resource}/${account.namespace}/`,
      });

      try {
        for (const stored of objects) {
          if (!touched.has(stored.key)) {
            holdIn(account, stored.key, group, resource, stored.shared<KubeObject>());
          }
          if (++count % SCAN_STEP === 0) {
            yield;
          }
        }
      } finally {
        objects.return();
      }
    }
  }

  #follow({ key, type, object }: StorageEvent): void {
    this.#hold(key, type === 'DELETED' ? undefined : () => object.shared<KubeObject>());
  }

  #hold(key: string, object: KubeObject | undefined | (() => KubeObject)): void {
    const parts = partsOf(key);
    const entries = parts && this.#namespaces.get(parts.namespace);
    if (!entries) {
      return;
    }

    for (const entry of entries.values()) {
      entry.touched?.add(key);

      for (const account of [entry.current, entry.next]) {
        if (!account || account.limitsOf(parts.group, parts.resource).length === 0) {
          continue;
        }

        const stored = typeof object === 'function' ? object() : object;
        holdIn(account, key, parts.group, parts.resource, stored);

        if (account.dirty && account === entry.current) {
          this.#changed(account);
        }
      }
    }
  }
}

function holdIn(
  account: Account,
  key: string,
  group: string,
  resource: string,
  object: KubeObject | undefined,
): void {
  const counts = object && account.covers(group, resource, object);
  account.hold(key, counts ? account.usageOf(group, resource, object) : undefined);
}
