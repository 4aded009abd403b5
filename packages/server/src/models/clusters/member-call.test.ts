import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCluster } from './member-call.ts';

for (const [url, expected] of [
  ['/api/clusters/east/v1/pods?watch=true', '/api/v1/pods?watch=true'],
  ['/kapis/clusters/east', '/kapis'],
  ['/kapis/clusters/east/', '/kapis/'],
  ['/kapis/clusters/east?a=b', '/kapis?a=b'],
  // The name alone is cut, where it stands, however it is encoded.
  ['/api/clusters/%65ast/v1/pods', '/api/v1/pods'],
  ['/api/clusters/%65ast/v1/x/clusters/east', '/api/v1/x/clusters/east'],
  ['/apis/clusters/east/z.io/v1/clusters/east', '/apis/z.io/v1/clusters/east'],
  ['/api/v1/namespaces/clusters/east', '/api/v1/namespaces/clusters/east'],
] as const) {
  test(`${url} is ${expected} in the cluster`, () => {
    assert.equal(withoutCluster(url), expected);
  });
}
