import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { LegacyVersions } from './legacy-versions.ts';

/** Resources that a backend serves, as `group/version/resource`. */
const backend = (...served: string[]) =>
  new LegacyVersions(async ({ group, version, resource }) =>
    served.includes(`${group}/${version}/${resource}`),
  );

const callOf = (versions: LegacyVersions, url: string, method = 'GET') =>
  versions.callOf(method, url, parseRequestInfo(method, url));

const TODAY = backend('batch/v1/cronjobs', 'networking.k8s.io/v1/ingresses', 'apps/v1/deployments');

test('a call in an older version is made in the served version', async () => {
  for (const [url, served, verb] of [
    ['/apis/batch/v1beta1/cronjobs?limit=1', '/apis/batch/v1/cronjobs?limit=1', 'list'],
    [
      '/apis/extensions/v1beta1/watch/namespaces/a/ingresses',
      '/apis/networking.k8s.io/v1/watch/namespaces/a/ingresses',
      'watch',
    ],
    [
      '/apis/extensions/v1beta1/namespaces/a/deployments/b/scale',
      '/apis/apps/v1/namespaces/a/deployments/b/scale',
      'get',
    ],
  ] as const) {
    const call = await callOf(TODAY, url);
    assert.deepEqual(
      [call?.url, call?.info.verb, call?.info.group],
      [served, verb, served.split('/')[2]],
    );
  }
});

test('a backend that serves a version itself, or not even today’s, is left alone', async () => {
  const url = '/apis/batch/v1beta1/cronjobs';
  assert.ok(await callOf(backend('batch/v1/cronjobs'), url));

  assert.equal(
    await callOf(backend('batch/v1/cronjobs', 'batch/v1beta1/cronjobs'), url),
    undefined,
  );

  assert.equal(await callOf(backend('batch/v1beta1/cronjobs'), url), undefined);
  assert.equal(await callOf(backend(), url), undefined);
});

test('kinds without older versions are passed through without waiting', () => {
  for (const url of [
    '/api/v1/pods',
    '/apis/batch/v1/cronjobs',
    '/apis/batch/v1beta1/jobs',
    '/apis/batch/v1beta1/namespaces/a/cronjobs/b/scale',
    '/apis/b%61tch/v1beta1/cronjobs',
    '/apis/clusters/c/batch/v1beta1/cronjobs',
    '/apis/batch/v1beta1/workspaces/w/cronjobs',
    '/apis/batch/v1beta1/devops/d/cronjobs',
    '/apis/batch/v1beta1/proxy/cronjobs',
    '/apis/batch/v1beta1',
    '/kapis/batch/v1beta1/cronjobs',
    '/api/batch/v1beta1/cronjobs',
  ]) {
    assert.equal(callOf(TODAY, url), undefined, url);
  }
});
