// Joining clusters to a KubeFed that runs beside this server: its account in the member, and the
// objects by which it finds the member.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import type { ClusterObject } from '@ks-apiserver/controllers/cluster/cluster-object';
import { renewalOf } from '@ks-apiserver/controllers/federation/joining/account-token';
import { KubeFedJoining } from '@ks-apiserver/controllers/federation/joining/kubefed-joining';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { parseConfig } from '../../config/config.ts';
import { federationCrds } from '../../install/federation-crds.ts';
import { install } from '../../install/install.ts';
import { configuredMode, federationMode } from './federation.ts';

const namespace = 'kube-federation-system';
const core = (resource: string) => ({ group: '', version: 'v1', resource });
const rbac = (resource: string) => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource,
});
const kubeFedClusters = {
  group: 'core.kubefed.io',
  version: 'v1beta1',
  resource: 'kubefedclusters',
};
const account = { resource: core('serviceaccounts'), namespace, name: 'east-kubesphere' };
const secret = { resource: core('secrets'), namespace, name: 'east-secret' };
const role = 'kubefed-controller-manager:east-kubesphere';

let host: KubeClient;
let member: KubeClient;
let joining: KubeFedJoining;
let isGone = false;

const kubeconfig = Buffer.from(
  JSON.stringify({
    clusters: [
      {
        name: 'c',
        cluster: { server: 'https://east.example:6443', 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
).toString('base64');

const east: ClusterObject = {
  metadata: { name: 'east', uid: 'u', resourceVersion: '1', labels: { place: 'east' } },
  spec: { joinFederation: true, connection: { type: 'direct', kubeconfig } },
};

async function openApi(): Promise<KubeClient> {
  return new KubeClient(await KubeApiServer.open({ backend: new MemoryBackend() }));
}

beforeEach(async () => {
  [host, member] = await Promise.all([openApi(), openApi()]);
  isGone = false;

  const none = {
    hash: 'x',
    crds: federationCrds().slice(0, 1),
    objects: [],
    embedded: [],
    policies: [],
  };
  await install(host, { manifests: none });

  joining = new KubeFedJoining({
    client: host,
    clientOf: () => {
      if (isGone) {
        throw serviceUnavailable('cluster east is not ready');
      }

      return member;
    },
    hostEndpoint: { server: 'https://host.example' },
  });
});

/** Gives the account a token as clusters before Kubernetes 1.24 do. */
async function giveToken(name: string, token: string): Promise<void> {
  await member.create(core('secrets'), {
    metadata: { name, namespace },
    data: { token: Buffer.from(token).toString('base64') },
  });
  await member.patch(account, 'merge', { secrets: [{ name }] });
}

async function storedToken(): Promise<string> {
  return Buffer.from((await host.get(secret)).data.token, 'base64').toString();
}

test('KubeFed gets an account in the member, and finds the member by its token', async () => {
  await joining.join(east).catch(() => {});
  await giveToken('old', 'a-token');
  assert.equal(await joining.join(east), undefined);

  const { rules } = await member.get({ resource: rbac('clusterroles'), name: role });
  assert.deepEqual(rules, [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['get'] },
  ]);
  const binding = await member.get({ resource: rbac('clusterrolebindings'), name: role });
  assert.deepEqual(binding.subjects, [
    { kind: 'ServiceAccount', name: 'east-kubesphere', namespace },
  ]);

  assert.equal(await storedToken(), 'a-token');
  const found = await host.get({ resource: kubeFedClusters, namespace, name: 'east' });
  assert.deepEqual(found.metadata.labels, { place: 'east' });
  assert.deepEqual(found.spec, {
    apiEndpoint: 'https://east.example:6443',
    secretRef: { name: 'east-secret' },
    disabledTLSValidations: ['*'],
  });

  await joining.join(east);
  const again = await host.get({ resource: kubeFedClusters, namespace, name: 'east' });
  assert.equal(again.metadata.resourceVersion, found.metadata.resourceVersion);
});

test('what was made is removed from the member and the host', async () => {
  await joining.join(east).catch(() => {});
  await giveToken('old', 'a-token');
  await joining.join(east);
  await joining.leave(east);

  assert.equal(await member.find(account), undefined);
  assert.equal(await member.find({ resource: rbac('clusterroles'), name: role }), undefined);
  assert.equal(await member.find({ resource: rbac('clusterrolebindings'), name: role }), undefined);
  const left = await member.find({ resource: core('namespaces'), name: namespace });
  assert.ok(!left || left.metadata.deletionTimestamp);

  assert.equal(await host.find(secret), undefined);
  assert.equal(await host.find({ resource: kubeFedClusters, namespace, name: 'east' }), undefined);
  assert.ok(await host.find({ resource: core('namespaces'), name: namespace }));
});

test('the host keeps its own namespace, which is that of KubeFed', async () => {
  member = host;
  await joining.join(east).catch(() => {});
  await joining.leave(east);

  const kept = await host.get({ resource: core('namespaces'), name: namespace });
  assert.equal(kept.metadata.deletionTimestamp, undefined);
  assert.equal(await host.find(account), undefined);
});

test('a member that is gone is tried five times, and then forgotten', async () => {
  await joining.join(east).catch(() => {});
  await giveToken('old', 'a-token');
  await joining.join(east);
  isGone = true;

  for (let attempt = 1; attempt < 5; attempt += 1) {
    await assert.rejects(joining.leave(east), /not ready/);
    assert.ok(await host.find(secret));
  }

  await joining.leave(east);
  assert.equal(await host.find(secret), undefined);
  assert.ok(await member.find(account));
});

const jwt = (claims: object) =>
  ['h', Buffer.from(JSON.stringify(claims)).toString('base64url'), 's'].join('.');

test('a token is replaced at half of its life, and when its account is another one', async () => {
  const object = { metadata: { name: 'a', uid: 'u', resourceVersion: '1' } };
  const bound = (uid: string) => ({ 'kubernetes.io': { serviceaccount: { uid } } });

  assert.equal(renewalOf(jwt({ iat: 0, exp: 100, ...bound('u') }), object, 10_000), 40_000);
  assert.equal(renewalOf(jwt({ iat: 0, exp: 100, ...bound('u') }), object, 90_000), -40_000);
  assert.equal(renewalOf(jwt({ iat: 0, exp: 100, ...bound('other') }), object, 0), -1);
  assert.equal(renewalOf(jwt(bound('u')), object, 0), undefined);
  assert.equal(renewalOf('', object, 0), -1);
  assert.equal(renewalOf('opaque', object, 0), undefined);
});

test('an account without Secrets gets a token that is requested, and replaced in time', async () => {
  await joining.join(east).catch(() => {});
  const { uid } = (await member.get(account)).metadata;
  const now = Math.floor(Date.now() / 1000);
  const token = jwt({
    iat: now,
    exp: now + 1000,
    'kubernetes.io': { serviceaccount: { uid } },
  });

  // The bare API has no key to sign tokens with.
  const { transport } = member;
  member = new KubeClient({
    request: async (request) =>
      request.url.endsWith('/token')
        ? {
            status: 201,
            headers: {},
            body: Buffer.from(JSON.stringify({ status: { token } })),
          }
        : transport.request(request),
    upgrade: (request) => transport.upgrade(request),
    webSocket: (url, protocols, signal) => transport.webSocket(url, protocols, signal),
    close: async () => {},
  });

  const again = await joining.join(east);
  assert.ok(again !== undefined && again > 400_000 && again <= 500_000, String(again));
  assert.equal(await storedToken(), token);
});

test('a server leaves the propagation to a KubeFed that runs', async () => {
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
  const warnings: string[] = [];
  const mode = (wanted: 'own' | 'kubefed' | 'off') =>
    federationMode(host, wanted, (message) => warnings.push(message));

  assert.equal(await mode('own'), 'own');
  await host.create(core('namespaces'), { metadata: { name: namespace } });

  const labels = { app: 'kubefed' };
  const name = 'kubefed-controller-manager';
  const made = await host.create(deployments, {
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'controller', image: 'kubefed' }] },
      },
    },
  });
  assert.equal(await mode('own'), 'own');

  const status = { replicas: 1, readyReplicas: 1, availableReplicas: 1 };
  await host.update(deployments, { ...made, status }, { subresource: 'status' });
  assert.equal(await mode('own'), 'kubefed');
  assert.equal(await mode('off'), 'off');
  assert.match(warnings.join(), /set multicluster\.federation to kubefed/);
});

test('a member propagates nothing, whatever else it is told', () => {
  const of = (multicluster: object) => {
    const options = { authentication: { oauthOptions: { accessTokenMaxAge: 0 } }, multicluster };
    return configuredMode(parseConfig(JSON.stringify(options)).config.multicluster);
  };

  assert.equal(of({}), 'off');
  assert.equal(of({ enable: true }), 'own');
  assert.equal(of({ enable: true, clusterRole: 'host', federation: 'kubefed' }), 'kubefed');
  assert.equal(of({ enable: true, clusterRole: 'member' }), 'off');
});
