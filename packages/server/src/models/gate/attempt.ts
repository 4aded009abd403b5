import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

/** A write before it is made: who makes it, of what, and the object before and after. */
export interface WriteAttempt {
  caller: UserInfo;
  /** What the call asks for, with the Kubernetes verb of the write. */
  info: RequestInfo;
  /** What is stored now; undefined where nothing is. */
  stored: KubeObject | undefined;
  /** What would be stored; undefined for a deletion. */
  wished: KubeObject | undefined;
  dryRun: boolean;
  /**
   * Kubernetes itself checks what Roles and bindings of RBAC grant (Kubernetes "Privilege
   * escalation prevention"), by the identity of this caller and not by the server's.
   */
  checkedByKubernetes: boolean;
}

/** What a review that lets a write pass has to say besides. */
export interface Verdict {
  /** Stored in place of what was wished. */
  object?: KubeObject;
  /** Called once, when it is known whether the write was stored. */
  settle?: (stored: boolean) => void | Promise<void>;
}

/** Looks at writes of some resources. */
export interface Rule {
  /**
   * `group/resource`, or `group/resource/subresource` for writes of a subresource alone; whatever
   * the version.
   */
  readonly resources: ReadonlySet<string>;
  /** Whether deletions are looked at too. */
  readonly seesDeletions?: boolean;
  /**
   * Whether writes of callers who may do everything are looked at too: else they cannot be refused.
   */
  readonly seesAdministrators?: boolean;
  /** Throws a StatusError, 403 as a rule, to refuse a write. */
  review(attempt: WriteAttempt): Verdict | undefined | Promise<Verdict>;
}

/** Name of an attempt's object. */
export function nameOf({ info, stored, wished }: WriteAttempt): string {
  return wished?.metadata.name ?? stored?.metadata.name ?? info.name;
}
