import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Logger } from 'pino';
import { OWN_SERVICE } from '../models/components/components.ts';

const RETRY_MS = 5000;

/** Can listen on one more port. */
export interface PortOpener {
  listen(host: string, port: number): Promise<number>;
  unlisten(host: string, port: number): Promise<void>;
}

/** Returns the node ports that a Service asks for. */
export function nodePortsOf(service: KubeObject | undefined): number[] {
  const type = service?.spec?.type;
  if (type !== 'NodePort' && type !== 'LoadBalancer') {
    return [];
  }

  return ((service?.spec?.ports ?? []) as { nodePort?: number; protocol?: string }[])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .flatMap(({ nodePort }) => nodePort || []);
}

/**
 * Keeps the server listening on the node ports of its own Service: the embedded API has no
 * kube-proxy. A port in use is tried again.
 */
export class NodePortListener {
  readonly #server: PortOpener;
  readonly #host: string;
  readonly #services: Informer;
  readonly #log: Logger;
  readonly #open = new Set<number>();
  #work: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  readonly #unsubscribe: () => void;

  constructor(server: PortOpener, host: string, services: Informer, log: Logger) {
    this.#server = server;
    this.#host = host;
    this.#services = services;
    this.#log = log;

    this.#unsubscribe = services.store.onChange(({ entry }) => {
      if (entry.name === OWN_SERVICE.name && entry.namespace === OWN_SERVICE.namespace) {
        this.reconcile();
      }
    });

    this.reconcile();
  }

  /** Opens and closes the ports that differ, one change after the other. */
  reconcile(): Promise<void> {
    this.#work = this.#work.then(async () => {
      const service = this.#services.store.get(OWN_SERVICE.name, OWN_SERVICE.namespace)?.object;
      const wanted = new Set(nodePortsOf(service));

      for (const port of [...this.#open]) {
        if (wanted.has(port)) {
          continue;
        }

        this.#open.delete(port);

        // Running requests may take long to finish; new ports need not wait for them.
        void this.#server.unlisten(this.#host, port);
        this.#log.info({ port }, 'stopped listening on the node port');
      }

      for (const port of wanted) {
        if (!this.#open.has(port)) {
          await this.#listen(port);
        }
      }
    });

    return this.#work;
  }

  async #listen(port: number): Promise<void> {
    try {
      await this.#server.listen(this.#host, port);
      this.#open.add(port);
      this.#log.info({ port }, 'listening on the node port');
    } catch (error) {
      this.#log.error({ port, err: error }, 'the node port cannot be opened, trying again');
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.reconcile(), RETRY_MS);
      this.#retry.unref();
    }
  }

  stop(): void {
    this.#unsubscribe();
    clearTimeout(this.#retry);
  }
}
