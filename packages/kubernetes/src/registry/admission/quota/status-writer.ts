import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { ResourceType } from '../../resources/resource-type.ts';
import type { WriteOptions } from '../../resources/strategy.ts';
import type { RegistryStore } from '../../store/registry-store.ts';
import type { Account } from './account.ts';
import type { QuotaLedger, QuotaStatus } from './ledger.ts';

/** Writes the use of each ResourceQuota into its status, several changes at once. */
export class QuotaStatusWriter implements QuotaStatus {
  readonly #store: RegistryStore;
  readonly #type: ResourceType;
  readonly #ledger: QuotaLedger;
  readonly #options: () => WriteOptions;
  readonly #writing = new Map<string, Promise<void>>();
  #closed = false;

  constructor(
    store: RegistryStore,
    type: ResourceType,
    ledger: QuotaLedger,
    options: () => WriteOptions,
  ) {
    this.#store = store;
    this.#type = type;
    this.#ledger = ledger;
    this.#options = options;
  }

  /**
   * Updates a quota's status; resolves once it shows everything that was counted before the call.
   */
  async write(account: Account): Promise<void> {
    const key = `${account.namespace}/${account.name}`;

    // A write that is under way may have read the account before the last change.
    await this.#writing.get(key);

    if (this.#closed || !account.dirty) {
      return this.#writing.get(key);
    }

    const running = this.#writing.get(key);
    if (running) {
      return running;
    }

    const work = this.#update(account).finally(() => {
      this.#writing.delete(key);
      if (account.dirty && !this.#closed) {
        void this.write(account);
      }
    });

    this.#writing.set(key, work);

    return work;
  }

  /** Resolves once the quotas of a namespace show what was counted so far. */
  async settled(namespace: string): Promise<void> {
    await Promise.all(
      this.#ledger
        .accounts(namespace)
        .map(({ account, counted }) => (counted ? this.write(account) : undefined)),
    );
  }

  async #update(account: Account): Promise<void> {
    const change = () => {
      account.dirty = false;
      return account.status();
    };

    try {
      await this.#store.update(this.#type, account.namespace, account.name, {
        subresource: 'status',
        change: (quota) => {
          const status = change();
          if (!equalJson(quota.status, status)) {
            quota.status = status;
          }

          return quota;
        },
        options: this.#options(),
      });
    } catch (error) {
      // The quota was deleted or the storage closed: there is no status to write.
      if (!(error instanceof StatusError)) {
        throw error;
      }

      account.dirty = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#writing.values());
  }
}
