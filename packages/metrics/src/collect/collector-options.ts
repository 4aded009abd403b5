/** What the series of a server are made of. */
export interface CollectorOptions {
  /** Value of the label `instance` of the series that this server makes of the cluster's objects. */
  readonly instance: string;
  /** Name of the node that is this machine, where there is one. */
  readonly hostNode?: string;
  /** Annotation of nodes that do not really exist, with the value `true`. */
  readonly simulatedAnnotation: string;
}

/** The pages that a kubelet shows. */
export type KubeletPage = 'cadvisor' | 'resource' | 'summary';

/** Where a page came from. */
export type PageSource =
  | { readonly kind: 'kubelet'; readonly node: string; readonly page: KubeletPage }
  | { readonly kind: 'apiserver' };

/** A change of an object of the cluster. */
export interface ObjectChange {
  /** `namespace/name`. */
  readonly key: string;
  /** The object's JSON; undefined when it is gone. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}
