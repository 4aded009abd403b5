import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { SettingsError } from './provider.ts';

/** TLS settings that several types share. */
export interface TlsSettings {
  insecureSkipVerify: boolean;
  rootCA: string;
  rootCAData: string;
}

/** Options of Node's TLS clients; without `ca`, the host's authorities are trusted. */
export interface TlsOptions {
  rejectUnauthorized: boolean;
  ca?: string;
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function parseCertificates(field: string, pem: string): string {
  const certificates = pem.match(CERTIFICATES);
  if (!certificates) {
    throw new SettingsError(field, 'there is no certificate in PEM form');
  }

  try {
    for (const certificate of certificates) {
      new X509Certificate(certificate);
    }
  } catch (error) {
    throw new SettingsError(field, `a certificate cannot be read: ${messageOf(error)}`);
  }

  return certificates.join('\n');
}

/**
 * Reads the certificates to trust. Throws a SettingsError for a file or text without certificates.
 */
export async function tlsOptions({
  insecureSkipVerify,
  rootCA,
  rootCAData,
}: TlsSettings): Promise<TlsOptions> {
  const rejectUnauthorized = !insecureSkipVerify;

  if (rootCAData !== '') {
    const pem = rootCAData.includes('-----BEGIN')
      ? rootCAData
      : Buffer.from(rootCAData, 'base64').toString('latin1');
    return { rejectUnauthorized, ca: parseCertificates('rootCAData', pem) };
  }

  if (rootCA === '') {
    return { rejectUnauthorized };
  }

  let pem: string;

  try {
    pem = await readFile(rootCA, 'latin1');
  } catch (error) {
    throw new SettingsError('rootCA', `the file cannot be read: ${messageOf(error)}`);
  }

  return { rejectUnauthorized, ca: parseCertificates('rootCA', pem) };
}
