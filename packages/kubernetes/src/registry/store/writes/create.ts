import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { completeObject, schemaOf, setDefaults, validateKind } from '../../resources/kind-rules.ts';
import { admitNamespace } from '../../resources/namespace-lifecycle.ts';
import { hasStatus, type ResourceType } from '../../resources/resource-type.ts';
import type { Strategy, WriteContext } from '../../resources/strategy.ts';
import { trackFields } from '../managed-fields.ts';
import { dedupOwners, initMetadata, invalidObject, matchUrl } from '../metadata.ts';
import type { Draft, Outcome, Step } from './write.ts';

/** Webhooks see a creation by an update as a creation. */
function asCreation(context: WriteContext): WriteContext {
  const { requestOptions } = context;
  return requestOptions?.kind === 'UpdateOptions'
    ? { ...context, requestOptions: { ...requestOptions, kind: 'CreateOptions' } }
    : context;
}

/** A new object, before it is stored for the first time. */
export class CreateDraft implements Draft {
  readonly operation = 'CREATE';
  readonly context: WriteContext;
  readonly old = undefined;
  object: KubeObject;
  readonly #type: ResourceType;
  readonly #strategy: Strategy;
  /** The namespace of the request, which admission must not change. */
  readonly #namespace: string;
  readonly #causes: StatusCause[] = [];

  readonly prepare: readonly Step[];

  readonly validate: readonly Step[] = [
    () => this.#applyStrategy(),
    () => this.#validateByKind(),
    () => this.#validateByStrategy(),
  ];

  /** `tracksFields` is true where the object has its managedFields already. */
  constructor(
    object: KubeObject,
    strategy: Strategy,
    context: WriteContext,
    { tracksFields = false } = {},
  ) {
    this.object = object;
    this.context = asCreation(context);
    this.#type = context.type;
    this.#strategy = strategy;
    this.#namespace = object.metadata.namespace ?? '';
    this.prepare = [() => this.#initialize(), ...(tracksFields ? [] : [() => this.#trackFields()])];
  }

  #initialize(): void {
    const { context, object } = this;
    const type = this.#type;
    const strategy = this.#strategy;

    admitNamespace(type, object, context.reader);
    initMetadata(object, context.now);
    dedupOwners(object, context.warnings);

    if (!strategy.keepsStatus && hasStatus(type)) {
      delete object.status;
    }

    setDefaults(type, object);
    strategy.decode?.(object, undefined, context);
  }

  /** Runs before the server sets anything else: those fields belong to no manager. */
  #trackFields(): void {
    const { untracked } = this.#strategy;
    trackFields(schemaOf(this.#type), undefined, this.object, this.context, untracked);
  }

  #applyStrategy(): void {
    const { object } = this;
    matchUrl(this.#type, object, this.#namespace);

    if (this.#strategy.generation) {
      object.metadata.generation = 1;
    }

    this.#strategy.prepareForCreate?.(object, this.context);
  }

  #validateByKind(): void {
    const { warnings } = this.context;
    this.#causes.push(...validateKind(this.#type, this.object, undefined, '', warnings));
  }

  #validateByStrategy(): void {
    const { context, object } = this;
    const strategy = this.#strategy;

    this.#causes.push(...(strategy.validate?.(object, undefined, context) ?? []));

    const error = invalidObject(this.#type, object.metadata.name || undefined, this.#causes);
    if (error) {
      throw error;
    }

    context.warnings.push(...(strategy.warnings?.(object, undefined, context) ?? []));
    completeObject(this.#type, object);
  }

  outcome(): Outcome {
    return { action: 'put', object: this.object };
  }
}
