import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type CertificateRequest, issueCertificate, type KeyPair } from './certificates.ts';

/** The keys and certificates of the API server's TLS and tokens, as PEM. */
export interface Pki {
  /** Certificate of the CA that clients trust and that verifies client certificates. */
  ca: string;
  /** Private key of the CA, for signing CertificateSigningRequests. */
  caKey: string;
  serving: KeyPair;
  /** Client certificate of `kubernetes-admin` in the group `system:masters`. */
  admin: KeyPair;
  /** Key pair (ES256) of ServiceAccount tokens. */
  serviceAccount: { key: string; pub: string };
}

const caDays = 3650;
const leafDays = 365;
const renewBeforeMs = 30 * 86_400_000;

/**
 * DNS names and addresses of the serving certificate: those of this machine and the `kubernetes`
 * Service.
 */
export function servingNames(): { dnsNames: string[]; ipAddresses: string[] } {
  const machine = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    // Link-local addresses need a zone, which a certificate cannot have.
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address }) => address);

  const service = 'kubernetes.default.svc.cluster.local'.split('.');
  const serviceNames = [1, 2, 3, 5].map((labels) => service.slice(0, labels).join('.'));

  return {
    dnsNames: [...new Set(['localhost', hostname().toLowerCase(), ...serviceNames])],
    ipAddresses: [...new Set(['127.0.0.1', '::1', '10.96.0.1', ...machine])],
  };
}

/** Writes a file that only its owner can read, atomically. */
async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', 0o600);

  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }

  await rename(temporary, path);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

async function readPair(dir: string, name: string): Promise<KeyPair | undefined> {
  const [cert, key] = await Promise.all([
    read(join(dir, `${name}.crt`)),
    read(join(dir, `${name}.key`)),
  ]);

  return cert === undefined || key === undefined ? undefined : { cert, key };
}

// The key is written first: a key without a certificate is replaced.
async function writePair(dir: string, name: string, pair: KeyPair): Promise<KeyPair> {
  await writePrivate(join(dir, `${name}.key`), pair.key);
  await writePrivate(join(dir, `${name}.crt`), pair.cert);
  return pair;
}

function parsePair(pair: KeyPair): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pair.cert);
    return certificate.checkPrivateKey(createPrivateKey(pair.key)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function lasts(certificate: X509Certificate, now: number): boolean {
  return (
    Date.parse(certificate.validTo) - renewBeforeMs > now &&
    Date.parse(certificate.validFrom) <= now
  );
}

async function ensureCA(dir: string, now: number): Promise<KeyPair> {
  const found = await readPair(dir, 'ca');
  if (found) {
    const certificate = parsePair(found);

    // A new CA would shut out every client, so that the operator must repair a damaged one.
    if (!certificate) {
      throw new Error(`${join(dir, 'ca.crt')} and ca.key do not fit; restore or remove both`);
    }
    if (lasts(certificate, now)) {
      return found;
    }
  }

  const made = await issueCertificate({ commonName: 'kubernetes', usage: 'ca', days: caDays });

  return writePair(dir, 'ca', made);
}

async function ensureLeaf(
  dir: string,
  name: string,
  request: CertificateRequest & { issuer: KeyPair },
  now: number,
): Promise<KeyPair> {
  const found = await readPair(dir, name);
  const certificate = found && parsePair(found);
  const ca = new X509Certificate(request.issuer.cert);
  if (
    certificate &&
    lasts(certificate, now) &&
    certificate.checkIssued(ca) &&
    certificate.verify(ca.publicKey) &&
    (request.dnsNames ?? []).every((host) => certificate.checkHost(host) !== undefined) &&
    (request.ipAddresses ?? []).every((address) => certificate.checkIP(address) !== undefined)
  ) {
    return found;
  }

  return writePair(dir, name, await issueCertificate(request));
}

async function ensureServiceAccountKey(dir: string): Promise<{ key: string; pub: string }> {
  const path = join(dir, 'sa.key');
  let key = await read(path);
  if (key === undefined) {
    key = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey;

    await writePrivate(path, key);
  }

  try {
    return { key, pub: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString() };
  } catch (cause) {
    throw new Error(`${path} holds no private key; restore or remove it`, { cause });
  }
}

/**
 * Returns the certificates and keys in `dir`. Creates missing ones, and renews those that expire
 * within 30 days or lack a name of this machine. `dir` gets mode 0700, its files 0600. Throws where
 * the CA or the ServiceAccount key is damaged.
 */
export async function ensurePki(dir: string, now = Date.now()): Promise<Pki> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);

  const [ca, serviceAccount] = await Promise.all([
    ensureCA(dir, now),
    ensureServiceAccountKey(dir),
  ]);

  const [serving, admin] = await Promise.all([
    ensureLeaf(
      dir,
      'serving',
      {
        commonName: 'kube-apiserver',
        usage: 'server',
        ...servingNames(),
        days: leafDays,
        issuer: ca,
      },
      now,
    ),
    ensureLeaf(
      dir,
      'admin',
      {
        commonName: 'kubernetes-admin',
        organization: 'system:masters',
        usage: 'client',
        days: leafDays,
        issuer: ca,
      },
      now,
    ),
  ]);

  return { ca: ca.cert, caKey: ca.key, serving, admin, serviceAccount };
}

/**
 * Writes `admin.kubeconfig` (mode 0600) for the API at `serverUrl` into the directory of
 * `ensurePki`; returns its path.
 */
export async function writeAdminKubeconfig(dir: string, serverUrl: string): Promise<string> {
  const path = join(dir, 'admin.kubeconfig');
  const [ca, admin] = await Promise.all([readFile(join(dir, 'ca.crt')), readPair(dir, 'admin')]);
  if (!admin) {
    throw new Error(`${dir} holds no admin certificate`);
  }

  const text = `apiVersion: v1
kind: Config
clusters:
- name: ks-apiserver
  cluster:
    server: ${JSON.stringify(serverUrl)}
    certificate-authority-data: ${ca.toString('base64')}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${Buffer.from(admin.cert).toString('base64')}
    client-key-data: ${Buffer.from(admin.key).toString('base64')}
contexts:
- name: kubernetes-admin@ks-apiserver
  context:
    cluster: ks-apiserver
    user: kubernetes-admin
current-context: kubernetes-admin@ks-apiserver
`;

  if ((await read(path)) !== text) {
    await writePrivate(path, text);
  }

  return path;
}
