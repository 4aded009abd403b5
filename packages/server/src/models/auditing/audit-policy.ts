import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { type AuditLevel, parseLevel, reaches } from './audit-level.ts';

/** What the configuration says about auditing. */
export interface AuditOptions {
  /** The level of all calls; without one the cluster's Webhook object decides. */
  level: AuditLevel | undefined;
  /** The level while neither the configuration nor a Webhook object names one. */
  fallback: AuditLevel;
  /** Whether calls that change nothing are left out. */
  omitReads: boolean;
}

/** `spec` of the Webhook object (auditing.kubesphere.io/v1alpha1), as far as it is read here. */
export interface WebhookSpec {
  auditLevel?: unknown;
  k8sAuditingEnabled?: unknown;
}

/** Verbs, and methods of paths that are no resource, by which nothing changes. */
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'GET', 'HEAD', 'OPTIONS']);

/** Paths that probes and scrapers call all the time, and pages that anybody may read. */
const UNRECORDED =
  /^\/(healthz|livez|readyz|metrics|docs|version)?(\/|$)|^\/kapis\/(version|healthz)$/;

/** Subresources that are reads by their method, and yet do something. */
const ACTING: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** Decides how much is recorded of a call. */
export class AuditPolicy {
  readonly #options: AuditOptions;
  readonly #webhook: () => WebhookSpec | undefined;

  /** `webhook` returns the spec of the cluster's Webhook object, if there is one. */
  constructor(options: AuditOptions, webhook: () => WebhookSpec | undefined) {
    this.#options = options;
    this.#webhook = webhook;
  }

  /** Reports whether a call is left out because it changes nothing. */
  omits(info: RequestInfo): boolean {
    return this.#options.omitReads && isRead(info);
  }

  /** Returns the level of a call. `query` starts with its question mark, or is empty. */
  levelOf(info: RequestInfo, query: string): AuditLevel {
    if (this.omits(info)) {
      return 'None';
    }

    const webhook = this.#webhook();
    const level = this.#options.level ?? this.#levelOf(webhook);

    if (!reaches(level, 'Metadata') || UNRECORDED.test(info.path)) {
      return 'None';
    }

    // As in 3.0: kube-apiserver records these calls itself, and a dry run changes nothing.
    if (info.isKubernetes && webhook?.k8sAuditingEnabled === true) {
      return 'None';
    }
    if (info.isKubernetes && /[?&]dryRun=/.test(query)) {
      return 'None';
    }

    return level;
  }

  #levelOf(webhook: WebhookSpec | undefined): AuditLevel {
    return webhook ? parseLevel(webhook.auditLevel) : this.#options.fallback;
  }
}

/** Reports whether a call changes nothing and runs nothing. */
export function isRead({ verb, subresource, path }: RequestInfo): boolean {
  return READS.has(verb) && !ACTING.has(subresource) && !path.startsWith('/oauth/');
}
