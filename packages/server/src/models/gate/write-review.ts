import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { QuotaLimits } from '../tenant/quota-limits.ts';
import type { Rule, Verdict, WriteAttempt } from './attempt.ts';
import { reserveQuota } from './rules/workspace-quotas.ts';

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const NONE: readonly Rule[] = Object.freeze([]);

/**
 * Reviews every write of a caller, whichever endpoint it came to: its rules compute what the write
 * grants, from the object before and after. A new kind that gives rights needs a rule here.
 */
export class WriteReview {
  readonly #authorizer: Authorizer;
  readonly #quotaLimits: QuotaLimits;
  /** Rules by `group/resource` and `group/resource/subresource`. */
  readonly #rules = new Map<string, Rule[]>();

  constructor(authorizer: Authorizer, quotaLimits: QuotaLimits, rules: readonly Rule[]) {
    this.#authorizer = authorizer;
    this.#quotaLimits = quotaLimits;

    for (const rule of rules) {
      for (const resource of rule.resources) {
        this.#rules.set(resource, [...(this.#rules.get(resource) ?? []), rule]);
      }
    }
  }

  /** Returns the rules about a resource; rules of the object apply to its subresources too. */
  #rulesOf({ group, resource, subresource }: RequestInfo): readonly Rule[] {
    const ofObject =
      this.#rules.get(`${group}/${resource}`) ?? this.#rules.get(`${group}/*`) ?? NONE;

    if (subresource === '') {
      return ofObject;
    }

    const own = this.#rules.get(`${group}/${resource}/${subresource}`) ?? NONE;

    return own.length === 0 ? ofObject : [...new Set([...ofObject, ...own])];
  }

  /** Returns the rules that must review a call of this caller. */
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

  /** Whether a call must be reviewed before it is made. */
  concerns(caller: UserInfo, info: RequestInfo): boolean {
    return this.#applying(caller, info).length > 0 || this.#isLimited(info);
  }

  #isLimited(info: RequestInfo): boolean {
    const adds = info.verb === 'create' || info.verb === 'update' || info.verb === 'patch';
    return adds && this.#quotaLimits.concerns(info);
  }

  /**
   * Reviews a write before it is made; throws to refuse it, usually Forbidden. The caller of this
   * function calls `settle` of the verdict when the write was made or has failed.
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
        const verdict = await rule.review(object ? { ...attempt, proposed: object } : attempt);
        object = verdict?.object ?? object;

        if (verdict?.settle) {
          settling.push(verdict.settle);
        }
      }

      if (this.#isLimited(info)) {
        const verdict = await reserveQuota(
          this.#quotaLimits,
          object ? { ...attempt, proposed: object } : attempt,
        );

        if (verdict.settle) {
          settling.push(verdict.settle);
        }
      }
    } catch (error) {
      await settle(false);
      throw toRefusal(error);
    }

    return { ...(object && { object }), settle };
  }
}

/** Turns a TypeError into 400: an object that a rule cannot read is not one of its kind. */
function toRefusal(error: unknown): unknown {
  if (error instanceof TypeError) {
    return new StatusError(400, 'BadRequest', 'the object has fields of wrong types', undefined, {
      cause: error,
    });
  }

  return error;
}
