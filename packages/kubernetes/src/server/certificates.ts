import { webcrypto } from 'node:crypto';

/** A PEM certificate and its PEM PKCS #8 private key. */
export interface KeyPair {
  cert: string;
  key: string;
}

/**
 * The contents of a new certificate; `issuer` is the CA that signs it; without it a self-signed CA
 * is made.
 */
export interface CertificateRequest {
  commonName: string;
  organization?: string;
  usage: 'ca' | 'server' | 'client';
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  days: number;
  issuer?: KeyPair;
}

/** The signature algorithm of this server: ECDSA with P-256 and SHA-256. */
export const signatureAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const dayMs = 86_400_000;

/** The X.509 library, loaded only to sign: a start with existing certificates does not need it. */
export async function load() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** A private key as PEM PKCS #8. */
export async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${body.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
}

/** The bytes of a PEM block. */
export function der(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

/** A random serial number in hex: positive and without leading zeros (RFC 5280 section 4.1.2.2). */
export function serialNumber(): string {
  const serial = webcrypto.getRandomValues(new Uint8Array(16));
  const [first = 0] = serial;
  serial[0] = (first & 0x7f) | 0x40;
  return Buffer.from(serial).toString('hex');
}

/**
 * A new EC P-256 key with a certificate for it (RFC 5280), valid from an hour ago so that clocks
 * may differ.
 */
export async function issueCertificate(request: CertificateRequest): Promise<KeyPair> {
  const x509 = await load();
  const subtle = webcrypto.subtle;

  const keys = (await subtle.generateKey(signatureAlgorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;

  const issuer = request.issuer && {
    cert: new x509.X509Certificate(request.issuer.cert),
    key: await subtle.importKey('pkcs8', der(request.issuer.key), signatureAlgorithm, false, [
      'sign',
    ]),
  };

  const subject = [
    ...(request.organization === undefined ? [] : [{ O: [request.organization] }]),
    { CN: [request.commonName] },
  ];

  const isCA = request.usage === 'ca';
  const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;

  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];

  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer ? issuer.cert.subjectName : subject,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + request.days * dayMs),
    signingAlgorithm: signatureAlgorithm,
    publicKey: keys.publicKey,
    signingKey: issuer ? issuer.key : keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(isCA, undefined, true),
      new x509.KeyUsagesExtension(
        isCA ? digitalSignature | keyCertSign | cRLSign : digitalSignature,
        true,
      ),
      ...(isCA
        ? []
        : [
            new x509.ExtendedKeyUsageExtension([
              x509.ExtendedKeyUsage[`${request.usage as 'server'}Auth`],
            ]),
          ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(issuer ? [await x509.AuthorityKeyIdentifierExtension.create(issuer.cert)] : []),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });

  return { cert: `${certificate.toString('pem')}\n`, key: await pkcs8(keys.privateKey) };
}
