import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { byName } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { Metric, MetricList } from './query/metric.ts';

/** Names of 3.0 and the resources that they count. The missing letter is 3.0's. */
const OF_PLATFORM: readonly (readonly [metric: string, resource: string])[] = [
  ['kubesphere_cluser_count', 'clusters'],
  ['kubesphere_workspace_count', 'workspacetemplates'],
  ['kubesphere_user_count', 'users'],
];

const OF_WORKSPACE: readonly (readonly [metric: string, resource: string])[] = [
  ['workspace_namespace_count', 'namespaces'],
  ['workspace_devops_project_count', 'devopsprojects'],
  ['workspace_member_count', 'workspacerolebindings'],
  ['workspace_role_count', 'workspaceroles'],
];

function metricOf(name: string, count: number): Metric {
  const now = Math.floor(Date.now() / 1000);
  return {
    metric_name: name,
    data: { resultType: 'vector', result: [{ value: [now, String(count)] }] },
  };
}

/** Numbers of objects, in the form of metrics. */
export class Statistics {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Counts clusters (this one at least), workspaces and users. */
  async ofPlatform(signal: AbortSignal): Promise<MetricList> {
    const results = await Promise.all(
      OF_PLATFORM.map(async ([metric, resource]) => {
        const store = await this.#catalog.synced(this.#catalog.definition(resource), { signal });
        return metricOf(metric, Math.max(store.size, resource === 'clusters' ? 1 : 0));
      }),
    );

    return { results };
  }

  /** Counts what a workspace has: projects, DevOps projects, bindings of members, roles. */
  async ofWorkspace(workspace: string, signal: AbortSignal): Promise<MetricList> {
    const results = await Promise.all(
      OF_WORKSPACE.map(async ([metric, resource]) =>
        metricOf(metric, await this.#count(resource, workspace, signal)),
      ),
    );

    return { results };
  }

  async #count(resource: string, workspace: string, signal: AbortSignal): Promise<number> {
    const store = await this.#catalog.synced(this.#catalog.definition(resource), { signal });

    const entries = await store.view(`workspace statistics ${workspace}`, {
      passes: ({ labels }) => labels[WORKSPACE_LABEL] === workspace,
      compare: byName,
    });

    return entries.length;
  }
}
