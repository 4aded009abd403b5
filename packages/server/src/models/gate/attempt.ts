import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

/** A write before it is made: its caller, its resource, and the object before and after. */
export interface WriteAttempt {
  caller: UserInfo;
  /** The call, with the Kubernetes verb of the write. */
  info: RequestInfo;
  /** The object that is stored now; undefined if there is none. */
  stored: KubeObject | undefined;
  /** The object that would be stored; undefined for a deletion. */
  proposed: KubeObject | undefined;
  dryRun: boolean;
  /**
   * Whether Kubernetes itself checks what Roles and bindings of RBAC grant (Kubernetes "Privilege
   * escalation prevention"), by this caller's identity and not by the server's.
   */
  checkedByKubernetes: boolean;
}

/** The result of a review that permits a write. */
export interface Verdict {
  /** Stored instead of the proposed object. */
  object?: KubeObject;
  /** Called once, when it is known whether the write was stored. */
  settle?: (isStored: boolean) => Promise<void>;
}

/** Reviews writes of some resources. */
export interface Rule {
  /**
   * `group/resource`, or `group/resource/subresource` for a subresource alone; of any version.
   * `group/*` stands for the resources of a group that no other rule names.
   */
  readonly resources: ReadonlySet<string>;
  /** Whether deletions are reviewed too. */
  readonly seesDeletions?: boolean;
  /** Whether writes of callers who may do everything are reviewed too; else they always pass. */
  readonly seesAdministrators?: boolean;
  /** Throws a StatusError, 403 as a rule, to refuse a write. */
  review(attempt: WriteAttempt): Promise<Verdict | undefined>;
}

/** Returns the name of an attempt's object. */
export function nameOf({ info, stored, proposed }: WriteAttempt): string {
  return proposed?.metadata.name ?? stored?.metadata.name ?? info.name;
}
