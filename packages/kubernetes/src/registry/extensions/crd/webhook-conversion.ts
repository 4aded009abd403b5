import { randomUUID } from 'node:crypto';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Backend } from '../../../storage/backend.ts';
import { WebhookCallError, type WebhookClient } from '../../webhook-client/client.ts';
import { targetOf } from '../../webhook-client/target.ts';
import type { Definition } from './definition.ts';

/** Converts objects of a custom resource between its versions. */
export interface Converter {
  /**
   * Converts objects, in their order, to an apiVersion such as `example.com/v2`; throws a
   * StatusError 500.
   */
  convert(objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]>;
}

const TIMEOUT_SECONDS = 30;
const REVIEWS = 'apiextensions.k8s.io';

function describe({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): string {
  return `${apiVersion}, Kind=${kind}`;
}

/** A converted object with the original's metadata, of which only labels and annotations change. */
function withMetadata(original: KubeObject, converted: KubeObject): KubeObject {
  const { labels, annotations } = converted.metadata ?? {};
  const { labels: _labels, annotations: _annotations, ...metadata } = original.metadata;

  return {
    ...converted,
    metadata: { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) },
  };
}

/**
 * Conversion by the webhook of a definition (kubernetes.io "Versions in CustomResourceDefinitions",
 * webhook conversion).
 */
export class WebhookConversion implements Converter {
  readonly #client: WebhookClient;
  readonly #backend: Backend;
  readonly #webhook: NonNullable<NonNullable<Definition['spec']['conversion']>['webhook']>;

  constructor(client: WebhookClient, backend: Backend, definition: Definition) {
    this.#client = client;
    this.#backend = backend;
    this.#webhook = definition.spec.conversion?.webhook ?? {};
  }

  async convert(objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]> {
    const [first, ...more] = objects.filter((object) => object.apiVersion !== apiVersion);
    if (!first) {
      return [...objects];
    }

    const converted = (await this.#call([first, ...more], apiVersion)).values();

    return objects.map((object) =>
      object.apiVersion === apiVersion ? object : (converted.next().value ?? object),
    );
  }

  /** Calls the webhook with at least one object; returns as many as it gets. */
  async #call(
    objects: readonly [KubeObject, ...KubeObject[]],
    apiVersion: string,
  ): Promise<KubeObject[]> {
    const from = describe(objects[0]);
    const fail = (why: string) => new StatusError(500, '', `conversion webhook for ${from} ${why}`);
    const version = (this.#webhook.conversionReviewVersions ?? []).find(
      (item) => item === 'v1' || item === 'v1beta1',
    );
    const uid = randomUUID();

    const review = {
      kind: 'ConversionReview',
      apiVersion: `${REVIEWS}/${version ?? 'v1'}`,
      request: { uid, desiredAPIVersion: apiVersion, objects },
    };

    let answer: unknown;

    try {
      const target = targetOf(this.#webhook.clientConfig ?? {}, this.#backend);
      answer = await this.#client.post(target, JSON.stringify(review), TIMEOUT_SECONDS);
    } catch (error) {
      if (!(error instanceof WebhookCallError)) {
        throw error;
      }
      throw fail(`failed: ${error.message}`);
    }

    // biome-ignore lint/suspicious/noExplicitAny: what a webhook answers can be anything.
    const given = answer as any;
    if (given?.kind !== 'ConversionReview' || given.apiVersion !== review.apiVersion) {
      throw fail(
        `failed: expected webhook response of ${describe(review)}, got ${describe(given ?? {})}`,
      );
    }

    const { response } = given;
    if (response === null || typeof response !== 'object') {
      throw fail('failed: no response provided');
    }

    if (version === 'v1' && response.uid !== uid) {
      throw fail(
        `failed: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`,
      );
    }

    const { status, message } = response.result ?? {};
    if (status !== 'Success') {
      throw fail(
        `failed: ${message || `response.result.status was '${status ?? ''}', not 'Success'`}`,
      );
    }

    const converted: KubeObject[] = Array.isArray(response.convertedObjects)
      ? response.convertedObjects
      : [];

    if (converted.length !== objects.length) {
      throw fail(`returned ${converted.length} objects, expected ${objects.length}`);
    }

    return objects.map((original, index) =>
      this.#accept(original, converted[index], { index, apiVersion, fail }),
    );
  }

  /** The converted object; throws a StatusError 500 where it is not the original one. */
  #accept(
    original: KubeObject,
    object: KubeObject | undefined,
    {
      index,
      apiVersion,
      fail,
    }: { index: number; apiVersion: string; fail: (why: string) => StatusError },
  ): KubeObject {
    const at = `returned invalid object at index ${index}: `;

    if (object?.apiVersion !== apiVersion) {
      throw fail(
        `${at}invalid groupVersion (expected ${apiVersion}, received ${object?.apiVersion ?? ''})`,
      );
    }

    if (object.kind !== original.kind) {
      throw fail(`${at}invalid kind (expected ${original.kind}, received ${object.kind ?? ''})`);
    }

    for (const field of ['name', 'namespace', 'uid'] as const) {
      const [was, is] = [original.metadata[field] ?? '', object.metadata?.[field] ?? ''];
      const name = field === 'uid' ? 'UID' : field;

      if (was !== is) {
        throw fail(`returned invalid object: must have the same ${name}: ${was} != ${is}`);
      }
    }

    return withMetadata(original, object);
  }
}
