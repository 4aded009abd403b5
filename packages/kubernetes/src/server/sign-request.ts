import { webcrypto } from 'node:crypto';
import {
  der,
  type KeyPair,
  load,
  pkcs8,
  serialNumber,
  signatureAlgorithm,
} from './certificates.ts';

/**
 * Longest validity of a signed certificate, in milliseconds: that of kube-controller-manager's
 * signer.
 */
const MAX_MS = 365 * 86_400_000;

/** Clocks may differ. */
const BACKDATE_MS = 300_000;
const MASTERS = 'system:masters';

/**
 * Attribute of a certificate's subject that holds its user's uid (Kubernetes "X.509 client
 * certificates", since 1.34).
 */
export const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2';

/** The subject of a client certificate: the user's name and, if known, uid. */
interface Subject {
  commonName: string;
  organizations?: readonly string[];
  uid?: string | undefined;
}

function subjectName({ commonName, organizations = [], uid }: Subject): Record<string, string[]>[] {
  return [
    ...organizations.map((organization) => ({ O: [organization] })),
    { CN: [commonName] },
    ...(uid === undefined ? [] : [{ [UID_ATTRIBUTE]: [uid] }]),
  ];
}

/**
 * Makes a key (EC P-256, PEM PKCS #8) and a PKCS #10 request (RFC 2986, PEM) for a client
 * certificate.
 */
export async function makeSigningRequest(
  subject: Subject,
): Promise<{ request: string; key: string }> {
  const x509 = await load();

  const keys = (await webcrypto.subtle.generateKey(signatureAlgorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;

  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName(subject),
    keys,
    signingAlgorithm: signatureAlgorithm,
  });

  return { request: `${request.toString('pem')}\n`, key: await pkcs8(keys.privateKey) };
}

/**
 * Signs a PEM PKCS #10 request as a client certificate of the CA, with only the common name,
 * organizations and uid of its subject. Returns PEM. Throws an Error with the reason of a refusal,
 * such as the group `system:masters`.
 */
export async function signClientRequest(
  request: string,
  ca: KeyPair,
  validMs: number,
): Promise<string> {
  const x509 = await load();
  const asked = new x509.Pkcs10CertificateRequest(request);
  if (!(await asked.verify())) {
    throw new Error('the signature of the request is wrong');
  }

  const [commonName, ...others] = asked.subjectName.getField('CN');
  const organizations = asked.subjectName.getField('O');

  if (!commonName || others.length > 0) {
    throw new Error('the subject needs one common name');
  }

  const uids = asked.subjectName.getField(UID_ATTRIBUTE);
  if (uids.length > 1 || uids[0] === '') {
    throw new Error('the subject may have one uid, which must not be empty');
  }

  if (organizations.includes(MASTERS)) {
    throw new Error(
      `use of kubernetes.io/kube-apiserver-client signer with ${MASTERS} group is not allowed`,
    );
  }

  const issuer = new x509.X509Certificate(ca.cert);
  const now = Date.now();
  const notAfter = Math.min(now + Math.min(validMs, MAX_MS), issuer.notAfter.getTime());
  const publicKey = await asked.publicKey.export();
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;

  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subjectName({ commonName, organizations, uid: uids[0] }),
    issuer: issuer.subjectName,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(notAfter),
    signingAlgorithm: signatureAlgorithm,
    publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der(ca.key), signatureAlgorithm, false, [
      'sign',
    ]),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });

  return `${certificate.toString('pem')}\n`;
}
