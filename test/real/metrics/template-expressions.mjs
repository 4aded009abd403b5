// The expressions of the monitoring API, with the matchers of a call.
import { expressionOf } from '../../../packages/server/dist/models/monitoring/metrics/metric-templates.js';
import {
  componentLevel,
  LEVELS,
} from '../../../packages/server/dist/models/monitoring/query/levels.js';

/** @typedef {import('../../../packages/server/dist/models/monitoring/query/levels.js').Level} Level */

/**
 * Returns the expression of every metric, by name.
 * @param {Partial<import('../../../packages/server/dist/models/monitoring/query/scope.js').Scope>}
 * scope what calls below a namespace or a pod are about
 * @returns {[name: string, expression: string][]}
 */
export function templateExpressions(scope) {
  const { namespace, pod, storageClass } = scope;
  const scopes = {
    workload: { namespace },
    container: { namespace, pod },
    claim: { storageClass },
    ingress: { namespace },
  };
  const levels = [
    ...Object.entries(LEVELS),
    ...['etcd', 'apiserver', 'scheduler'].map((name) => [name, componentLevel(name)]),
  ];

  return levels.flatMap(([name, level]) => {
    const { templates, select } = /** @type {Level} */ (level);
    const of = { filter: '.*', ...scopes[/** @type {string} */ (name)] };

    return Object.entries(templates).map(
      ([metric, template]) =>
        /** @type {[string, string]} */ ([metric, expressionOf(template, select(of, metric))]),
    );
  });
}
