import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEGACY_KINDS } from '../kinds.ts';
import {
  withLegacyAggregated,
  withLegacyGroup,
  withLegacyGroups,
  withLegacyResources,
} from './documents.ts';

const verbs = ['get', 'list'];

const resource = (
  group: string,
  version: string,
  plural: string,
  kind: string,
  subresources: object[] = [],
) => ({
  resource: plural,
  responseKind: { group, version, kind },
  scope: 'Namespaced',
  singularResource: kind.toLowerCase(),
  verbs,
  ...(subresources.length > 0 && { subresources }),
});

const scale = {
  subresource: 'scale',
  responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  verbs: ['get'],
};

const deployments = resource('apps', 'v1', 'deployments', 'Deployment', [
  scale,
  { ...scale, subresource: 'other' },
]);

const list = (items: object[]) => ({ kind: 'APIGroupDiscoveryList', items });
const group = (name: string, versions: object[]) => ({ metadata: { name }, versions });

test('aggregated discovery includes the older versions', () => {
  const merged = withLegacyAggregated(
    list([group('apps', [{ version: 'v1', resources: [deployments], freshness: 'Current' }])]),
    LEGACY_KINDS,
  );

  const describeVersion = (version: string, of = 'apps') => ({
    ...deployments,
    responseKind: { group: of, version, kind: 'Deployment' },
    subresources: [{ ...scale, responseKind: { group: of, version, kind: 'Scale' } }],
  });

  assert.deepEqual(merged.items, [
    group('apps', [
      { version: 'v1', resources: [deployments], freshness: 'Current' },
      { version: 'v1beta2', resources: [describeVersion('v1beta2')], freshness: 'Current' },
      { version: 'v1beta1', resources: [describeVersion('v1beta1')], freshness: 'Current' },
    ]),
    {
      metadata: { name: 'extensions', creationTimestamp: null },
      versions: [
        {
          version: 'v1beta1',
          resources: [describeVersion('v1beta1', 'extensions')],
          freshness: 'Current',
        },
      ],
    },
  ]);
});

test('older versions that the backend serves are unchanged', () => {
  const own = resource('batch', 'v1beta1', 'cronjobs', 'CronJob');

  const document = list([
    group('batch', [
      { version: 'v1', resources: [resource('batch', 'v1', 'cronjobs', 'CronJob')] },
      { version: 'v1beta1', resources: [own] },
    ]),
  ]);

  assert.deepEqual(withLegacyAggregated(document, LEGACY_KINDS), document);

  const groups = {
    groups: [{ name: 'batch', versions: [{ groupVersion: 'batch/v1', version: 'v1' }] }],
  };
  assert.deepEqual(withLegacyGroups(groups, []), {
    groups: [{ ...groups.groups[0], preferredVersion: groups.groups[0]!.versions[0] }],
  });
});

test('a version with some kinds in the backend gets the others', () => {
  const kinds = LEGACY_KINDS.filter(
    ({ group: name, kind }) => name === 'extensions' && kind === 'Deployment',
  );

  const served = {
    resources: [
      { name: 'deployments', kind: 'Deployment', verbs, storageVersionHash: 'x' },
      { name: 'deployments/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs },
      { name: 'daemonsets', kind: 'DaemonSet', verbs },
    ],
  };

  const document = {
    kind: 'APIResourceList',
    groupVersion: 'extensions/v1beta1',
    resources: [{ name: 'ingresses' }],
  };

  const merged = withLegacyResources(document, 'extensions/v1beta1', kinds, () => served);
  assert.deepEqual(merged?.resources, [
    { name: 'ingresses' },
    { name: 'deployments', kind: 'Deployment', verbs },
    { name: 'deployments/scale', kind: 'Scale', group: 'extensions', version: 'v1beta1', verbs },
  ]);

  assert.equal(
    withLegacyResources(undefined, 'extensions/v1', kinds, () => served),
    undefined,
  );

  assert.deepEqual(withLegacyGroup({ name: 'x', versions: [] }, 'x', []), {
    name: 'x',
    versions: [],
  });
});
