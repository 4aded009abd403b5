import type { PageFormat } from '../exposition/page-reader.ts';
import type { RuleVariant } from '../rules/rule.ts';

/** An application that is scraped, as the series of its page are labelled. */
export interface ScrapeTarget {
  /** Labels that all of its series get, `job` and `instance` among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the labels of its page win over these. */
  readonly honorLabels: boolean;
}

/** What the series of a server are made of. */
export interface CollectorOptions {
  /** Value of the label `instance` of the series that this server makes of the cluster's objects. */
  readonly instance: string;
  /** Name of the node that is this machine, where there is one. */
  readonly hostNode?: string;
  /** Annotation of nodes that do not really exist, with the value `true`. */
  readonly simulatedAnnotation: string;
  /** What else is scraped; pages name their target by its place in this list. */
  readonly targets?: readonly ScrapeTarget[];
  /** Whether there are series of the cluster's objects and nodes, the default, or of targets only. */
  readonly collects?: 'cluster' | 'targets';
  /** Which recording rules are evaluated: those of `EMBEDDED` by default, or none. */
  readonly rules?: RuleVariant | 'none';
}

/** The pages that a kubelet shows. */
export type KubeletPage = 'cadvisor' | 'resource' | 'summary';

/** Where a page came from. */
export type PageSource =
  | { readonly kind: 'kubelet'; readonly node: string; readonly page: KubeletPage }
  | { readonly kind: 'apiserver' }
  | { readonly kind: 'target'; readonly index: number; readonly format: PageFormat };

/** A change of an object of the cluster. */
export interface ObjectChange {
  /** `namespace/name`. */
  readonly key: string;
  /** The object's JSON; undefined when it is gone. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}
