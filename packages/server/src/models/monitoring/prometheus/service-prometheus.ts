import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { type KubeTransport, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { QueryError } from '@ks-apiserver/promql/query-api';
import type { Answer } from './answer.ts';
import {
  MAX_ANSWER_BYTES,
  type PrometheusCall,
  type PrometheusConnection,
  tooLarge,
} from './prometheus-connection.ts';

/** Queries at the same time, and how many more may wait. */
const MAX_CALLS = 16;
const MAX_WAITING = 256;

/** A Service of a cluster, with the name or number of its port. */
export interface ServiceAddress {
  namespace: string;
  name: string;
  port: string;
}

/** A Prometheus API that is reached through the Kubernetes API of its cluster. */
export class ServicePrometheus implements PrometheusConnection {
  readonly url: string;
  readonly #transport: KubeTransport;
  readonly #slots = new Slots(
    MAX_CALLS,
    MAX_WAITING,
    () => new QueryError('unavailable', 'too many queries wait for the cluster: try again later'),
  );

  constructor(transport: KubeTransport, { namespace, name, port }: ServiceAddress) {
    this.#transport = transport;
    this.url = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`;
  }

  async send({ method, path, form, signal }: PrometheusCall): Promise<Answer> {
    const release = await this.#slots.take(signal);

    try {
      const { status, body } = await this.#transport.request({
        method,
        url: this.url + path,
        headers: {
          accept: 'application/json',
          ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(form !== undefined && { body: Buffer.from(form) }),
        signal,
      });

      return { status, text: (await readBody(body, MAX_ANSWER_BYTES)).toString() };
    } catch (error) {
      throw error instanceof RangeError ? tooLarge() : error;
    } finally {
      release();
    }
  }

  /** The connection belongs to the cluster. */
  async close(): Promise<void> {}
}
