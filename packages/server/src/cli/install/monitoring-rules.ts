import { ruleManifest } from '@ks-apiserver/metrics/rules/manifest';
import { stringify } from 'yaml';
import { ConfigError } from '../../config/config.ts';

/** Which exporters a cluster has, as the options of the command name them. */
export interface ExporterOptions {
  'kube-state-metrics'?: string | undefined;
  'node-exporter'?: string | undefined;
}

/** Returns the value of an option that has a few. Throws a ConfigError for any other. */
function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new ConfigError(`--${option}: ${value} is not valid, allowed is ${allowed.join(' or ')}`);
  }

  return found;
}

/**
 * Returns the recording rules behind the monitoring API as a PrometheusRule in YAML. Throws a
 * ConfigError for unknown exporters.
 */
export function monitoringRules(options: ExporterOptions): string {
  const version = oneOf('kube-state-metrics', options['kube-state-metrics'] ?? '2', ['1', '2']);
  const nodeExporter = oneOf('node-exporter', options['node-exporter'] ?? 'upstream', [
    'kubesphere',
    'upstream',
  ]);

  const variant = { kubeStateMetrics: version === '1' ? 1 : 2, nodeExporter } as const;

  return stringify(ruleManifest({ variant }), { lineWidth: 0 });
}
