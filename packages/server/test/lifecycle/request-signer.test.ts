import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makeSigningRequest } from '@ks-apiserver/kubernetes/server/sign-request';
import { eventually, TestServer } from '../support/test-server.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.stop());

/** Has a request signed by the API; returns its status once it is decided. */
async function sign(
  name: string,
  request: string,
  options: { usages?: string[]; signerName?: string } = {},
) {
  const { usages = ['client auth'], signerName = 'kubernetes.io/kube-apiserver-client' } = options;

  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName,
    usages,
    expirationSeconds: 3600,
  };

  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec,
  };

  const made = await server.kubernetes(REQUESTS, { method: 'POST', body: object });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await server.kubernetes(`${REQUESTS}/${name}`)).json.status.certificate, undefined);

  const conditions = [{ type: 'Approved', status: 'True', reason: 'test', message: 'test' }];
  await server.kubernetes(`${REQUESTS}/${name}/approval`, {
    method: 'PUT',
    body: { ...made.json, status: { conditions } },
  });

  return name;
}

const statusOf = async (name: string) =>
  (await server.kubernetes(`${REQUESTS}/${name}`)).json.status;

test('approved requests are signed, only for their signer, never with system:masters', async () => {
  const { request } = await makeSigningRequest({ commonName: 'somebody' });
  await sign('good', request);

  const { certificate } = await eventually(async () => {
    const status = await statusOf('good');
    assert.ok(status.certificate);
    return status;
  });

  const x509 = new X509Certificate(Buffer.from(certificate, 'base64'));
  assert.equal(x509.subject, 'CN=somebody');
  assert.equal(x509.ca, false);
  assert.ok(Date.parse(x509.validTo) - Date.now() <= 3600_000);

  const { request: masters } = await makeSigningRequest({
    commonName: 'eve',
    organizations: ['system:masters'],
  });

  await sign('masters', masters);
  await sign('usages', request, { usages: ['client auth', 'cert sign'] });

  await sign(
    'garbage',
    '-----BEGIN CERTIFICATE REQUEST-----\nbm8gcmVxdWVzdA==\n-----END CERTIFICATE REQUEST-----\n',
  );

  for (const [name, message] of [
    ['masters', /system:masters group is not allowed/],
    ['usages', /usages must be/],
    ['garbage', /./],
  ] as const) {
    const status = await eventually(async () => {
      const found = await statusOf(name);
      assert.equal(found.conditions.at(-1).type, 'Failed');
      return found;
    });

    assert.match(status.conditions.at(-1).message, message);
    assert.equal(status.certificate, undefined);
  }

  await sign('other', request, { signerName: 'example.com/other' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await statusOf('other')).certificate, undefined);
});
