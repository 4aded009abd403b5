import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import {
  der,
  load,
  pkcs8,
  serialNumber,
  signatureAlgorithm,
} from '@ks-apiserver/kubernetes/server/certificates';
import { ensurePki, type Pki } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { UID_ATTRIBUTE } from '@ks-apiserver/kubernetes/server/sign-request';
import { MemoryBackend } from '../storage/memory.ts';

const dir = mkdtempSync(join(tmpdir(), 'client-certificates-'));
let api: KubeApiServer;
let pki: Pki;
let port: number;
const asked: UserInfo[] = [];

before(async () => {
  pki = await ensurePki(dir);
  api = await KubeApiServer.open({ backend: new MemoryBackend() });

  const admitUser = (user: UserInfo) => {
    asked.push(user);
    if (user.name === 'early') {
      throw new StatusError(503, 'ServiceUnavailable', 'not yet', { retryAfterSeconds: 1 });
    }
  };

  ({ port } = await api.listen({ port: 0, tls: { ...pki.serving, ca: pki.ca }, admitUser }));
});

after(async () => {
  await api.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Asks for the caller's identity with a certificate of the CA with the given subject. */
async function whoAmI(subject: Record<string, string[]>[]) {
  const x509 = await load();

  const keys = (await webcrypto.subtle.generateKey(signatureAlgorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;

  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: new x509.X509Certificate(pki.ca).subjectName,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 60_000),
    signingAlgorithm: signatureAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey(
      'pkcs8',
      der(pki.caKey),
      signatureAlgorithm,
      false,
      ['sign'],
    ),
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });

  const request = https.request({
    ...{ host: '127.0.0.1', port, agent: false, ca: pki.ca, servername: 'localhost' },
    ...{
      checkServerIdentity: () => undefined,
      cert: certificate.toString('pem'),
      key: await pkcs8(keys.privateKey),
    },
    ...{ method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews' },
    headers: { 'content-type': 'application/json' },
  });

  request.end('{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}');

  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';

  for await (const chunk of response) {
    text += chunk;
  }

  return {
    status: response.statusCode,
    headers: response.headers,
    user: JSON.parse(text).status?.userInfo,
  };
}

test('a certificate names its user by common name, groups and uid', async () => {
  const { user } = await whoAmI([
    { O: ['a'] },
    { O: ['b'] },
    { CN: ['jo'] },
    { [UID_ATTRIBUTE]: ['u-1'] },
  ]);

  assert.deepEqual(user, {
    username: 'jo',
    uid: 'u-1',
    groups: ['a', 'b', 'system:authenticated'],
  });

  assert.deepEqual(asked.at(-1), {
    name: 'jo',
    uid: 'u-1',
    groups: ['a', 'b', 'system:authenticated'],
  });
});

test('two uids, or an empty one, authenticate no user', async () => {
  assert.equal(
    (await whoAmI([{ CN: ['jo'] }, { [UID_ATTRIBUTE]: ['u-1'] }, { [UID_ATTRIBUTE]: ['u-2'] }]))
      .status,
    401,
  );

  assert.equal((await whoAmI([{ CN: ['jo'] }, { [UID_ATTRIBUTE]: [''] }])).status, 401);
});

test('users of certificates get the decision of the admission, which is not asked about system:masters', async () => {
  const early = await whoAmI([{ CN: ['early'] }]);
  assert.deepEqual([early.status, early.headers['retry-after']], [503, '1']);

  const before = asked.length;

  assert.equal((await whoAmI([{ O: ['system:masters'] }, { CN: ['early'] }])).status, 201);
  assert.equal(asked.length, before);
});
