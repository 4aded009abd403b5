import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { type AuditOptions, AuditPolicy, type WebhookSpec } from './audit-policy.ts';

const OPTIONS: AuditOptions = { level: undefined, fallback: 'None', omitReads: false };

function levelOf(
  call: string,
  options: Partial<AuditOptions> = {},
  webhook: WebhookSpec | undefined = undefined,
) {
  const [method = '', url = ''] = call.split(' ');
  const mark = url.indexOf('?');
  const policy = new AuditPolicy({ ...OPTIONS, ...options }, () => webhook);

  return policy.levelOf(parseRequestInfo(method, url), mark < 0 ? '' : url.slice(mark));
}

const CREATE = 'POST /api/v1/namespaces/a/pods';
const LIST = 'GET /kapis/resources.kubesphere.io/v1alpha3/nodes';

test('the Webhook object sets the level, the configuration goes before it', () => {
  assert.equal(levelOf(CREATE), 'None');
  assert.equal(levelOf(CREATE, { fallback: 'Metadata' }), 'Metadata');
  assert.equal(levelOf(CREATE, { fallback: 'Metadata' }, { auditLevel: '' }), 'None');
  assert.equal(levelOf(CREATE, {}, { auditLevel: 'Request' }), 'Request');
  assert.equal(levelOf(CREATE, {}, { auditLevel: 'nonsense' }), 'None');
  assert.equal(levelOf(CREATE, { level: 'Metadata' }, { auditLevel: 'Request' }), 'Metadata');
});

test('calls that kube-apiserver records and dry runs are left out, as in 3.0', () => {
  const webhook = { auditLevel: 'Metadata', k8sAuditingEnabled: true };

  assert.equal(levelOf(CREATE, {}, webhook), 'None');
  assert.equal(levelOf(LIST, {}, webhook), 'Metadata');
  assert.equal(levelOf(`${CREATE}?dryRun=All`, { level: 'Metadata' }), 'None');
});

test('reads can be left out, but not what runs or reveals something', () => {
  const options = { level: 'Metadata', omitReads: true } as const;

  assert.equal(levelOf(LIST, options), 'None');
  assert.equal(levelOf('GET /api/v1/namespaces/a/pods/b?watch=true', options), 'None');
  assert.equal(levelOf(CREATE, options), 'Metadata');
  assert.equal(levelOf('GET /api/v1/namespaces/a/pods/b/exec?command=sh', options), 'Metadata');
  assert.equal(levelOf('GET /oauth/authorize', options), 'Metadata');
});

test('probes and public pages are never recorded', () => {
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/docs/swagger', '/kapis/version']) {
    assert.equal(levelOf(`GET ${path}`, { level: 'RequestResponse' }), 'None', path);
  }
});
