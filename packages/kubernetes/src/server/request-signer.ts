import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { handleFailure } from '../registry/controllers/failures.ts';
import { type Condition, listOf } from '../registry/resources/core-types.ts';
import type { ResourceCatalog } from '../registry/resources/resource-catalog.ts';
import type { WriteOptions } from '../registry/resources/strategy.ts';
import type { RegistryStore } from '../registry/store/registry-store.ts';
import type { KeyPair } from './certificates.ts';
import { signClientRequest } from './sign-request.ts';

const GROUP = 'certificates.k8s.io';
const PREFIX = `/registry/${GROUP}/certificatesigningrequests/`;
const SIGNER = 'kubernetes.io/kube-apiserver-client';
const USAGES = new Set(['client auth', 'digital signature', 'key encipherment']);
const YEAR_SECONDS = 365 * 86_400;

/**
 * Signs approved CertificateSigningRequests of `kubernetes.io/kube-apiserver-client` (Kubernetes
 * "Certificates and Certificate Signing Requests").
 */
export class RequestSigner {
  readonly #catalog: ResourceCatalog;
  readonly #store: RegistryStore;
  readonly #options: () => WriteOptions;
  readonly #ca: KeyPair;
  readonly #queue = new WorkQueue((name) => this.#sign(name), {
    workers: 4,
    onFailure: handleFailure,
  });
  #stop: (() => void) | undefined;

  constructor(
    catalog: ResourceCatalog,
    store: RegistryStore,
    options: () => WriteOptions,
    ca: KeyPair,
  ) {
    this.#catalog = catalog;
    this.#store = store;
    this.#options = options;
    this.#ca = ca;
  }

  start(): void {
    this.#stop = this.#store.backend.onCommit((events) => {
      for (const { key } of events) {
        if (key.startsWith(PREFIX)) {
          this.#queue.add(key.slice(PREFIX.length));
        }
      }
    });

    for (const { key } of this.#store.backend.range({ prefix: PREFIX })) {
      this.#queue.add(key.slice(PREFIX.length));
    }
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#queue.stop();
  }

  async #sign(name: string): Promise<void> {
    const request = this.#store.backend.get(PREFIX + name)?.shared<KubeObject>();
    if (request?.spec?.signerName !== SIGNER || request.status?.certificate) {
      return;
    }

    const conditions = listOf<Condition>(request.status?.conditions);
    const has = (type: string) => conditions.some((condition) => condition.type === type);
    if (!has('Approved') || has('Denied') || has('Failed')) {
      return;
    }

    const status = await this.#answer(request);
    await this.#store.update(
      this.#catalog.require(GROUP, 'v1', 'certificatesigningrequests'),
      '',
      name,
      {
        subresource: 'status',
        change: (object) => ({ ...object, status: { ...object.status, ...status } }),
        options: this.#options(),
      },
    );
  }

  /** The certificate, or the condition that says why there is none. */
  async #answer({ spec, status }: KubeObject): Promise<Record<string, unknown>> {
    try {
      const usages = listOf<string>(spec.usages);
      if (!usages.includes('client auth') || usages.some((usage) => !USAGES.has(usage))) {
        throw new Error(
          'usages must be client auth, and digital signature and key encipherment at most',
        );
      }

      const pem = Buffer.from(String(spec.request), 'base64').toString();
      const seconds = Number(spec.expirationSeconds ?? YEAR_SECONDS);
      const certificate = await signClientRequest(pem, this.#ca, seconds * 1000);

      return { certificate: Buffer.from(certificate).toString('base64') };
    } catch (error) {
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: messageOf(error),
      };

      return { conditions: [...(status?.conditions ?? []), failed] };
    }
  }
}
