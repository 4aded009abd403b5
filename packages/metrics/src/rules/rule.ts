/** A recording rule: the series `record` gets the values of `expr`, with more labels. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What the series come from, on which the rules depend. */
export interface RuleVariant {
  /**
   * Major version of kube-state-metrics: version 2 has other names for a node's capacity, and tells
   * a container's waiting reason only while there is one.
   */
  readonly kubeStateMetrics: 1 | 2;
  /** Whether the node exporter has the processor mode `used`, as KubeSphere's own has. */
  readonly nodeExporter: 'kubesphere' | 'upstream';
  /**
   * `prometheus` for scraped clusters. `embedded` for the series that this server makes: nodes
   * without an exporter's pod are known by `node_exporter_pod_info`, and a namespace's use of
   * processors is a rate, since samples lie a minute apart.
   */
  readonly source: 'prometheus' | 'embedded';
}

/** The rules that this server evaluates itself. */
export const EMBEDDED: RuleVariant = {
  kubeStateMetrics: 2,
  nodeExporter: 'kubesphere',
  source: 'embedded',
};
