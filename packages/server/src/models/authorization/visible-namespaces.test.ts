import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { install } from '../../install/install.ts';
import { Catalog } from '../resources/catalog/catalog.ts';
import { RESOURCES } from '../resources/catalog/table.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import { Authorizer } from './authorizer.ts';
import { Bindings } from './bindings/bindings.ts';
import { HeldRoles } from './bindings/held-roles.ts';
import { Visibility } from './visible-namespaces.ts';

const user = { name: 'mia', groups: ['system:authenticated'] };
const info = parseRequestInfo('GET', '/kapis/resources.kubesphere.io/v1alpha3/pods');
let api: KubeApiServer;
let catalog: Catalog;
let visibility: Visibility;

const pods: ResourceDefinition = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
};

let asked = 0;

class Counting extends Authorizer {
  override allows(...call: Parameters<Authorizer['allows']>): boolean {
    asked += 1;
    return super.allows(...call);
  }
}

/** Puts an object into the copy on which decisions are based. */
function put(resource: string, metadata: KubeObject['metadata'], more: object = {}): void {
  const object = {
    metadata: { uid: `${resource}-${metadata.namespace}-${metadata.name}`, ...metadata },
    ...more,
  };

  catalog.informerOf(resource).store.set(makeEntry(object, Buffer.alloc(0), { keepObject: true }));
}

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });

  const client = new KubeClient(api);
  await install(client, { embedded: true, onlyIfOutdated: false });
  catalog = new Catalog(client, RESOURCES);
  await catalog.start(AbortSignal.timeout(20_000));

  const definition = (name: string) => catalog.informerOf(name);

  const informers = {
    globalRoles: definition('globalroles'),
    workspaceRoles: definition('workspaceroles'),
    roles: definition('roles'),
    clusterRoles: definition('clusterroles'),
    namespaces: definition('namespaces'),
    devopsProjects: definition('devopsprojects'),
  };

  const bindings = new Bindings(catalog);
  visibility = new Visibility(
    new Counting('RBAC', new HeldRoles(informers, bindings)),
    bindings,
    catalog,
  );

  const subjects = [{ kind: 'User', name: 'mia' }];

  put(
    'clusterroles',
    { name: 'sees-pods' },
    { rules: [{ apiGroups: ['*'], resources: ['pods'], verbs: ['list'] }] },
  );

  for (let n = 0; n < 10_000; n++) {
    const name = `p-${n}`;
    put('namespaces', { name, labels: { 'kubesphere.io/workspace': `w-${n % 100}` } });

    const roleRef = { kind: 'ClusterRole', name: 'sees-pods' };

    if (n % 33 === 0 && n < 9900) {
      put('rolebindings', { name: 'b', namespace: name }, { roleRef, subjects });
    }
  }
});

after(async () => {
  await catalog.stop();
  await api.close();
});

test('a member of 300 of 10,000 namespaces costs 301 decisions, and none while nothing changes', () => {
  asked = 0;

  const first = visibility.of(user, info, pods, undefined)!;
  assert.equal(first.names.size, 300);
  assert.ok(asked <= 301, String(asked));

  const before = asked;

  assert.equal(visibility.of(user, info, pods, undefined), first);
  assert.equal(asked, before);

  // Of a workspace only the member's namespaces in it.
  assert.deepEqual(
    [...visibility.of(user, info, pods, 'w-33')!.names],
    ['p-33', 'p-3333', 'p-6633'],
  );
});
