import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { builtinManifests } from '../install/manifests.ts';
import { crdDefinitions } from './crd-definitions.ts';
import { crdPaths, discoveryOperation, groupId } from './crd-paths.ts';
import { license, type PathItem, type SwaggerDocument, sorted } from './document.ts';
import { metaDefinitions } from './meta-definitions.ts';

/**
 * Group-versions of the published file; other CRDs are described by the Kubernetes API's own
 * OpenAPI documents.
 */
const published = new Set([
  'cluster.kubesphere.io/v1alpha1',
  'devops.kubesphere.io/v1alpha1',
  'devops.kubesphere.io/v1alpha3',
  'network.kubesphere.io/v1alpha1',
  'tenant.kubesphere.io/v1alpha1',
]);

function discoveryPaths(): [string, PathItem][] {
  const groups = new Set([...published].map((groupVersion) => groupVersion.replace(/\/.*$/, '')));

  return [
    [
      '/apis/',
      discoveryOperation(
        'getAPIVersions',
        undefined,
        undefined,
        'APIGroupList',
        'List the groups of the API.',
      ),
    ],
    ...[...groups].map((group): [string, PathItem] => [
      `/apis/${group}/`,
      discoveryOperation(
        `get${groupId(group)}APIGroup`,
        group,
        undefined,
        'APIGroup',
        'Read the versions of a group.',
      ),
    ]),
    ...[...published].map((groupVersion): [string, PathItem] => {
      const [group = '', version = ''] = groupVersion.split('/');
      const id = `get${groupId(group)}${groupId(version)}APIResources`;
      const about = 'List the resources of a version.';

      return [
        `/apis/${groupVersion}/`,
        discoveryOperation(id, group, version, 'APIResourceList', about),
      ];
    }),
  ];
}

/**
 * Swagger 2.0 of the custom resources, generated from their CRDs: the paths, ids and definitions
 * that 3.0 published.
 */
export function crdSwagger(crds: readonly KubeObject[] = builtinManifests().crds): SwaggerDocument {
  const shown = crds.filter(({ spec }) => published.has(`${spec.group}/${spec.versions[0].name}`));

  return {
    swagger: '2.0',
    info: {
      title: 'KubeSphere custom resources',
      description:
        'Resources that the Kubernetes API serves. Of the status paths those of s2ibuilders and s2iruns exist; the status of other kinds is written with the object.',
      version: 'v3.0.0',
      license,
    },
    paths: sorted([...discoveryPaths(), ...shown.flatMap(crdPaths)]),
    definitions: sorted([...metaDefinitions(), ...shown.flatMap(crdDefinitions)]),
  };
}
