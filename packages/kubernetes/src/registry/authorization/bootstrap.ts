import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import { RBAC_GROUP } from '../resources/rbac-group.ts';
import type { ResourceCatalog } from '../resources/resource-catalog.ts';
import { storageKey } from '../resources/resource-type.ts';
import type { WriteOptions } from '../resources/strategy.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { BOOTSTRAP_BINDINGS, BOOTSTRAP_ROLES, type BootstrapRole } from './bootstrap-roles.ts';

const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

function ruleOf(line: string): PolicyRule {
  const [verbs = [], groups = [], what = [], names] = line
    .split(' ')
    .map((part) => part.split(','));

  if (groups[0] === 'URL') {
    return { verbs, nonResourceURLs: what };
  }

  const apiGroups = groups.map((group) => (group === 'core' ? '' : group));

  return {
    apiGroups,
    resources: what,
    ...(names && { resourceNames: names }),
    verbs,
  };
}

function roleOf({ name, aggregateTo, aggregated, rules }: BootstrapRole): KubeObject {
  const label = (role: string) => ({ [`${RBAC_GROUP}/aggregate-to-${role}`]: 'true' });

  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: {
      name,
      labels: { ...LABELS, ...(aggregateTo && label(aggregateTo)) },
      annotations: ANNOTATIONS,
    },
    ...(aggregated && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: label(name) }] },
    }),
    rules: rules.trim() === '' ? [] : rules.trim().split('\n').map(ruleOf),
  };
}

function bindingOf([name, subjects]: (typeof BOOTSTRAP_BINDINGS)[number]): KubeObject {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: LABELS, annotations: ANNOTATIONS },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
    subjects: subjects.map((subject) => {
      const colon = subject.indexOf(':');
      return {
        apiGroup: RBAC_GROUP,
        kind: subject.slice(0, colon),
        name: subject.slice(colon + 1),
      };
    }),
  };
}

/** Makes the default ClusterRoles and ClusterRoleBindings that are missing. */
export async function bootstrapRbac(
  catalog: ResourceCatalog,
  store: RegistryStore,
  options: () => WriteOptions,
): Promise<void> {
  const ensure = async (resource: string, objects: KubeObject[]) => {
    const type = catalog.require(RBAC_GROUP, 'v1', resource);
    const missing = objects.filter(
      ({ metadata: { name = '' } }) => !store.backend.get(storageKey(type, '', name)),
    );

    await Promise.all(missing.map((object) => store.create(type, object, options())));
  };

  await ensure('clusterroles', BOOTSTRAP_ROLES.map(roleOf));
  await ensure('clusterrolebindings', BOOTSTRAP_BINDINGS.map(bindingOf));
}
