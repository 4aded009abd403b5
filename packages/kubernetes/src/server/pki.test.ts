import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { issueCertificate } from './certificates.ts';
import { ensurePki, servingNames, writeAdminKubeconfig } from './pki.ts';

const scratch = await mkdtemp(join(tmpdir(), 'pki-'));
after(() => rm(scratch, { recursive: true }));

test('creates all files once, readable by their owner only', async () => {
  const dir = join(scratch, 'first', 'pki');
  const made = await ensurePki(dir);

  assert.deepEqual(await ensurePki(dir), made);
  assert.equal((await stat(dir)).mode & 0o777, 0o700);

  for (const file of await readdir(dir)) {
    assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file);
  }

  const serving = new X509Certificate(made.serving.cert);

  for (const host of [
    'localhost',
    hostname(),
    'kubernetes',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]) {
    assert.ok(serving.checkHost(host), host);
  }

  for (const address of ['127.0.0.1', '::1', '10.96.0.1']) {
    assert.ok(serving.checkIP(address), address);
  }

  assert.match(
    new X509Certificate(made.admin.cert).subject,
    /O=system:masters\nCN=kubernetes-admin/,
  );

  assert.ok(new X509Certificate(made.ca).ca);
});

test('serves TLS and authenticates the admin by the client certificate', async () => {
  const pki = await ensurePki(join(scratch, 'tls'));

  const server = createServer(
    { ...pki.serving, ca: pki.ca, requestCert: true, rejectUnauthorized: true },
    (req, res) => res.end((req.socket as TLSSocket).getPeerCertificate().subject.CN),
  ).listen(0, '127.0.0.1');

  await new Promise((resolve) => server.once('listening', resolve));

  const { port } = server.address() as AddressInfo;

  const body = await new Promise<string>((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, ca: pki.ca, ...pki.admin, servername: 'localhost' },
      (res) => {
        res.setEncoding('utf8').on('data', resolve);
      },
    )
      .on('error', reject)
      .end();
  });

  server.close();
  assert.equal(body, 'kubernetes-admin');
});

test('issues new leaf certificates before they expire, when names are missing, and when they are damaged', async () => {
  const dir = join(scratch, 'renew');
  const first = await ensurePki(dir);
  const later = await ensurePki(dir, Date.now() + 340 * 86_400_000);

  assert.equal(later.ca, first.ca);
  assert.notEqual(later.serving.cert, first.serving.cert);
  assert.notEqual(later.admin.cert, first.admin.cert);

  const issuer = { cert: first.ca, key: first.caKey };

  const other = await issueCertificate({
    commonName: 'x',
    usage: 'server',
    dnsNames: ['elsewhere'],
    days: 365,
    issuer,
  });

  await writeFile(join(dir, 'serving.crt'), other.cert);
  await writeFile(join(dir, 'serving.key'), other.key);
  await writeFile(join(dir, 'admin.key'), 'garbage');

  const mended = await ensurePki(dir);
  const serving = new X509Certificate(mended.serving.cert);

  for (const host of servingNames().dnsNames) {
    assert.ok(serving.checkHost(host), host);
  }

  assert.ok(
    new X509Certificate(mended.admin.cert).verify(new X509Certificate(mended.ca).publicKey),
  );
  assert.equal(mended.serviceAccount.key, first.serviceAccount.key);
});

test('replaces an expiring CA, never a damaged one', async () => {
  const dir = join(scratch, 'ca');
  const first = await ensurePki(dir);
  const later = await ensurePki(dir, Date.now() + 3640 * 86_400_000);

  assert.notEqual(later.ca, first.ca);
  assert.ok(new X509Certificate(later.admin.cert).checkIssued(new X509Certificate(later.ca)));
  await writeFile(join(dir, 'ca.key'), first.caKey);
  await assert.rejects(ensurePki(dir), /ca\.crt and ca\.key do not fit/);
});

test('writes a kubeconfig that only its owner can read', async () => {
  const dir = join(scratch, 'kubeconfig');
  const pki = await ensurePki(dir);
  const path = await writeAdminKubeconfig(dir, 'https://127.0.0.1:6443');

  assert.equal((await stat(path)).mode & 0o777, 0o600);

  const text = await readFile(path, 'utf8');
  assert.match(text, /server: "https:\/\/127\.0\.0\.1:6443"/);

  const data = /client-key-data: (\S+)/.exec(text)?.[1];
  assert.equal(Buffer.from(data!, 'base64').toString(), pki.admin.key);
});
