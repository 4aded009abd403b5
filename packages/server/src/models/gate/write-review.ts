import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { WorkspaceQuotas } from '../tenant/workspace-quotas.ts';
import type { Rule, Verdict, WriteAttempt } from './attempt.ts';
import { reserveQuota } from './rules/workspace-quotas.ts';

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const NONE: readonly Rule[] = Object.freeze([]);

/**
 * The one review of writes: everything that a write grants is computed here, from the object before
 * and after, for every door through which a caller reaches it. A new kind that gives rights is a
 * rule more.
 */
export class WriteReview {
  readonly #authorizer: Authorizer;
  readonly #quotas: WorkspaceQuotas;
  /** Rules by `group/resource` and `group/resource/subresource`. */
  readonly #rules = new Map<string, Rule[]>();

  constructor(authorizer: Authorizer, quotas: WorkspaceQuotas, rules: readonly Rule[]) {
    this.#authorizer = authorizer;
    this.#quotas = quotas;

    for (const rule of rules) {
      for (const resource of rule.resources) {
        this.#rules.set(resource, [...(this.#rules.get(resource) ?? []), rule]);
      }
    }
  }

  /** The rules about a resource; those of its objects hold for writes of their subresources too. */
  #rulesOf({ group, resource, subresource }: RequestInfo): readonly Rule[] {
    const ofObject = this.#rules.get(`${group}/${resource}`) ?? NONE;

    if (subresource === '') {
      return ofObject;
    }

    const own = this.#rules.get(`${group}/${resource}/${subresource}`) ?? NONE;

    return own.length === 0 ? ofObject : [...new Set([...ofObject, ...own])];
  }

  /** Rules that have to see a call of this caller. */
  #applying(caller: UserInfo, info: RequestInfo): readonly Rule[] {
    if (!WRITES.has(info.verb)) {
      return NONE;
    }

    const rules = this.#rulesOf(info);
    if (rules.length === 0) {
      return NONE;
    }

    const isDeletion = info.verb === 'delete' || info.verb === 'deletecollection';
    const isAdministrator = this.#authorizer.holdsEverything(caller);

    return rules.filter(
      (rule) =>
        (!isDeletion || rule.seesDeletions) && (!isAdministrator || rule.seesAdministrators),
    );
  }

  /** Whether a call has to be reviewed before it is made. */
  concerns(caller: UserInfo, info: RequestInfo): boolean {
    return this.#applying(caller, info).length > 0 || this.#isLimited(info);
  }

  #isLimited(info: RequestInfo): boolean {
    const adds = info.verb === 'create' || info.verb === 'update' || info.verb === 'patch';
    return adds && this.#quotas.concerns(info);
  }

  /**
   * Looks at a write before it is made. Throws to refuse it: Forbidden as a rule. Whoever makes the
   * write calls `settle` of the verdict when it is made or has failed.
   */
  async review(attempt: WriteAttempt): Promise<Verdict> {
    const { caller, info } = attempt;
    const settling: NonNullable<Verdict['settle']>[] = [];

    const settle = async (isStored: boolean) => {
      for (const one of settling.splice(0)) {
        await one(isStored);
      }
    };

    let object: Verdict['object'];

    try {
      for (const rule of this.#applying(caller, info)) {
        const verdict = await rule.review(object ? { ...attempt, wished: object } : attempt);
        object = verdict?.object ?? object;

        if (verdict?.settle) {
          settling.push(verdict.settle);
        }
      }

      if (this.#isLimited(info)) {
        const verdict = await reserveQuota(
          this.#quotas,
          object ? { ...attempt, wished: object } : attempt,
        );

        if (verdict.settle) {
          settling.push(verdict.settle);
        }
      }
    } catch (error) {
      await settle(false);
      throw asRefusal(error);
    }

    return { ...(object && { object }), settle };
  }
}

/** What a rule cannot read is no object of its kind: the Kubernetes API would refuse it too. */
function asRefusal(error: unknown): unknown {
  if (error instanceof TypeError) {
    return new StatusError(400, 'BadRequest', 'the object has fields of wrong types', undefined, {
      cause: error,
    });
  }

  return error;
}
