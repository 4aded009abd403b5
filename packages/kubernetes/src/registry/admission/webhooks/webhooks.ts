import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type Json, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyJsonPatch } from '@ks-apiserver/apimachinery/patch/json-patch';
import { checkTypes } from '@ks-apiserver/apimachinery/schema/decode';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { Backend } from '../../../storage/backend.ts';
import { schemaOf, setDefaults } from '../../resources/kind-rules.ts';
import { namespaceKey } from '../../resources/namespace-lifecycle.ts';
import type { ResourceCatalog } from '../../resources/resource-catalog.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import { convert } from '../../store/conversion.ts';
import { WebhookCallError, WebhookClient } from '../../webhook-client/client.ts';
import { targetOf } from '../../webhook-client/target.ts';
import { type Attributes, admissionFailed } from '../attributes.ts';
import { KindCache } from '../kind-cache.ts';
import { requireStarted } from '../started.ts';
import { matchedType, selectsObject, type Webhook, webhooksOf } from './configuration.ts';
import { conditionsMatch } from './match-conditions.ts';
import {
  denialError,
  InvalidReview,
  reviewOf,
  type Verdict,
  verdictOf,
  type WebhookKind,
} from './review.ts';

const GROUP = 'admissionregistration.k8s.io';

/** A webhook that is to be called, with the version of the resource that it sees. */
interface Invocation {
  hook: Webhook;
  as: ResourceType;
}

/** Mutating and validating admission webhooks (Kubernetes "Dynamic Admission Control"). */
export class Webhooks {
  readonly #catalog: ResourceCatalog;
  readonly #client = new WebhookClient();
  readonly #mutating = new KindCache(`/registry/${GROUP}/mutatingwebhookconfigurations/`);
  readonly #validating = new KindCache(`/registry/${GROUP}/validatingwebhookconfigurations/`);
  readonly #parsed = new WeakMap<KubeObject, Webhook[]>();
  #backend: Backend | undefined;

  constructor(catalog: ResourceCatalog) {
    this.#catalog = catalog;
  }

  start(backend: Backend): void {
    this.#backend = backend;
    this.#mutating.start(backend);
    this.#validating.start(backend);
  }

  close(): void {
    this.#client.close();
  }

  #hooks(cache: KindCache): Webhook[] {
    if (cache.empty) {
      return [];
    }

    return [...cache.in('').values()]
      .sort((a, b) => (storedMetadata(a).name < storedMetadata(b).name ? -1 : 1))
      .flatMap((configuration) => {
        let hooks = this.#parsed.get(configuration);
        if (!hooks) {
          hooks = webhooksOf(configuration);
          this.#parsed.set(configuration, hooks);
        }

        return hooks;
      });
  }

  readonly #equivalents = (type: ResourceType): ResourceType[] =>
    this.#catalog
      .types()
      .filter(
        ({ storage }) =>
          storage.group === type.storage.group && storage.resource === type.storage.resource,
      );

  /** Whether the rules of a webhook match a write, so that it may have to be called. */
  concern(
    attributes: Pick<Attributes, 'type' | 'operation' | 'subresource' | 'namespace'>,
  ): boolean {
    if (this.#mutating.empty && this.#validating.empty) {
      return false;
    }
    if (attributes.type.group === GROUP) {
      return false;
    }

    const matches = (hook: Webhook) =>
      matchedType(hook, attributes, this.#equivalents) !== undefined;

    return this.#hooks(this.#mutating).some(matches) || this.#hooks(this.#validating).some(matches);
  }

  #selectsNamespace(hook: Webhook, { type, namespace, object, context }: Attributes): boolean {
    if (hook.namespaceSelector.empty || namespace === '') {
      return true;
    }
    if (type.group === '' && type.resource === 'namespaces' && object) {
      return hook.namespaceSelector.matches(object.metadata.labels);
    }

    const stored = context.reader.get(namespaceKey(namespace));

    return hook.namespaceSelector.matches(stored?.index.labels);
  }

  /** The webhook with the version that it gets; undefined when it is not to be called. */
  #invocation(hook: Webhook, attributes: Attributes): Invocation | undefined {
    const as = matchedType(hook, attributes, this.#equivalents);
    if (
      !as ||
      !this.#selectsNamespace(hook, attributes) ||
      !selectsObject(hook.objectSelector, attributes)
    ) {
      return;
    }

    if (hook.matchConditions.length > 0 && !conditionsMatch(hook, as, attributes)) {
      return;
    }

    return { hook, as };
  }

  /**
   * Calls the mutating webhooks one after the other; after a change, plugins and webhooks that want
   * to are called again.
   */
  async mutate(attributes: Attributes, readmit: () => void): Promise<void> {
    if (attributes.type.group === GROUP) {
      return;
    }

    const hooks = this.#hooks(this.#mutating);
    if (hooks.length === 0) {
      return;
    }

    let changes = 0;

    /**
     * Webhooks that are called again after later changes, with the number of changes before their
     * call.
     */
    const seen = new Map<Webhook, number>();

    for (const hook of hooks) {
      const invocation = this.#invocation(hook, attributes);
      if (!invocation) {
        continue;
      }
      if (await this.#mutateOnce(invocation, attributes)) {
        changes++;
      }
      if (hook.reinvocationPolicy === 'IfNeeded') {
        seen.set(hook, changes);
      }
    }

    if (changes === 0) {
      return;
    }

    const before = structuredClone(attributes.object);

    readmit();

    if (!equalJson(before, attributes.object)) {
      changes++;
    }

    for (const [hook, known] of seen) {
      const invocation = known < changes && this.#invocation(hook, attributes);
      if (invocation && (await this.#mutateOnce(invocation, attributes))) {
        changes++;
      }
    }
  }

  async #mutateOnce({ hook, as }: Invocation, attributes: Attributes): Promise<boolean> {
    const verdict = await this.#ask(hook, as, attributes, 'mutating');
    if (!verdict?.patch || verdict.patch.length === 0) {
      return false;
    }

    if (!attributes.object) {
      throw admissionFailed(
        `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
      );
    }

    const shown = this.#shown(attributes.object, as);
    const patched = patchObject(shown, verdict.patch, as);
    if (equalJson(patched, shown)) {
      return false;
    }

    const object = convert(patched, attributes.type);
    setDefaults(attributes.type, object);
    attributes.object = object;

    return true;
  }

  /**
   * Calls the validating webhooks in parallel; throws the error of the first in order that refuses.
   */
  async validate(attributes: Attributes): Promise<void> {
    if (attributes.type.group === GROUP) {
      return;
    }

    const invocations = this.#hooks(this.#validating).flatMap(
      (hook) => this.#invocation(hook, attributes) ?? [],
    );

    if (invocations.length === 0) {
      return;
    }

    const answers = invocations.map(({ hook, as }) =>
      this.#ask(hook, as, attributes, 'validating').then(
        () => undefined,
        (error: unknown) => error,
      ),
    );

    const errors = await Promise.all(answers);
    const error = errors.find((item) => item !== undefined);
    if (error) {
      throw error;
    }
  }

  #shown(object: KubeObject, as: ResourceType): KubeObject {
    // The body of a subresource, such as a Scale, has a kind of its own with one version.
    if (object.kind !== undefined && object.kind !== as.kind) {
      return object;
    }

    const { kind: _kind, apiVersion: _version, ...rest } = convert(object, as);

    return { kind: as.kind, apiVersion: apiVersionOf(as), ...rest };
  }

  /**
   * Calls one webhook; undefined when it failed and failurePolicy ignores that. Throws the
   * StatusError of a refusal or a failure.
   */
  async #ask(
    hook: Webhook,
    as: ResourceType,
    attributes: Attributes,
    kind: WebhookKind,
  ): Promise<Verdict | undefined> {
    const { context } = attributes;
    if (context.dryRun && hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun') {
      throw badRequest(`admission webhook ${JSON.stringify(hook.name)} does not support dry run`);
    }

    let verdict: Verdict;

    try {
      verdict = await this.#call(hook, as, attributes, kind);
    } catch (error) {
      if (!(error instanceof InvalidReview)) {
        throw error;
      }
      if (hook.failurePolicy === 'Ignore') {
        return undefined;
      }

      throw admissionFailed(
        `failed calling webhook ${JSON.stringify(hook.name)}: ${error.message}`,
      );
    }

    context.warnings.push(...verdict.warnings);

    if (!verdict.allowed) {
      throw denialError(hook.name, verdict.result);
    }

    return verdict;
  }

  async #call(
    hook: Webhook,
    as: ResourceType,
    attributes: Attributes,
    kind: WebhookKind,
  ): Promise<Verdict> {
    const version = hook.admissionReviewVersions.find(
      (item) => item === 'v1' || item === 'v1beta1',
    );

    if (version === undefined) {
      throw new InvalidReview(
        'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      );
    }

    const object = attributes.object && this.#shown(attributes.object, as);
    const old = attributes.old && this.#shown(attributes.old, as);
    const { uid, request } = reviewOf(version, attributes, as, object, old);
    let answer: unknown;

    try {
      const target = targetOf(hook.clientConfig, requireStarted(this.#backend));
      answer = await this.#client.post(target, JSON.stringify(request), hook.timeoutSeconds);
    } catch (error) {
      if (!(error instanceof WebhookCallError)) {
        throw error;
      }
      throw new InvalidReview(`failed to call webhook: ${error.message}`);
    }

    return verdictOf(version, uid, kind, answer);
  }
}

/** Why the result of a patch cannot be decoded as its kind. */
function whyUndecodable(error: unknown): string {
  const { message, cause } = error as Error;
  const why = error instanceof StatusError && cause instanceof Error ? cause.message : message;
  return why.replace(/^\w+ in version "[^"]*" cannot be handled as a \w+: /, '');
}

/**
 * Applies a webhook's patch and decodes the result as if a client had sent it; throws a StatusError
 * 500.
 */
function patchObject(
  object: KubeObject,
  patch: readonly unknown[],
  type: ResourceType,
): KubeObject {
  try {
    const patched = applyJsonPatch(
      structuredClone(object) as never,
      patch as Json,
    ) as unknown as KubeObject;

    patched.metadata ??= {};

    const schema = schemaOf(type);
    if (schema && !type.custom) {
      checkTypes(patched, schema);
    }
    if (schema) {
      pruneUnknown(patched, schema);
    }

    setDefaults(type, patched);

    return patched;
  } catch (error) {
    throw admissionFailed(whyUndecodable(error));
  }
}
