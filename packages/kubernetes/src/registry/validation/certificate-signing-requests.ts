import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue, notSupported, required } from '@ks-apiserver/apimachinery/validation/field';

/** Key usages that can be requested (Kubernetes certificates/v1 KeyUsage). */
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const MIN_SECONDS = 600;
const DOMAIN_AND_PATH =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/[\w][-\w.]*$/;

/** What is wrong with the spec of a CertificateSigningRequest. */
export function validateRequest({ spec = {} }: KubeObject): StatusCause[] {
  const causes: StatusCause[] = [];
  const pem = Buffer.from(String(spec.request ?? ''), 'base64').toString('latin1');
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    causes.push(
      invalidValue(
        'spec.request',
        spec.request ?? '',
        'PEM block type must be CERTIFICATE REQUEST',
      ),
    );
  }

  const usages: string[] = spec.usages ?? [];
  if (usages.length === 0) {
    causes.push(required('spec.usages'));
  }

  for (const [index, usage] of usages.entries()) {
    if (!USAGES.includes(usage)) {
      causes.push(notSupported(`spec.usages[${index}]`, usage, USAGES));
    }
  }

  if (!spec.signerName) {
    causes.push(required('spec.signerName'));
  } else if (!DOMAIN_AND_PATH.test(spec.signerName)) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    causes.push(invalidValue('spec.signerName', spec.signerName, why));
  }

  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < MIN_SECONDS) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    causes.push(invalidValue('spec.expirationSeconds', spec.expirationSeconds, why));
  }

  return causes;
}

/** What is wrong with the conditions of a CertificateSigningRequest. */
export function validateDecisions({ status = {} }: KubeObject): StatusCause[] {
  const causes: StatusCause[] = [];
  const conditions: { type?: string; status?: string }[] = status.conditions ?? [];
  for (const [index, condition] of conditions.entries()) {
    const field = `status.conditions[${index}]`;

    if (!condition.type) {
      causes.push(required(`${field}.type`));
    }

    if (!condition.status) {
      causes.push(required(`${field}.status`));
    } else if (
      ['Approved', 'Denied', 'Failed'].includes(condition.type ?? '') &&
      condition.status !== 'True'
    ) {
      causes.push(notSupported(`${field}.status`, condition.status, ['True']));
    }
  }

  const types = new Set(conditions.map(({ type }) => type));
  if (types.has('Approved') && types.has('Denied')) {
    const second = conditions
      .map(({ type }) => type)
      .findLast((type) => type === 'Approved' || type === 'Denied');

    causes.push(
      invalidValue(
        'status.conditions',
        second,
        'Approved and Denied conditions are mutually exclusive',
      ),
    );
  }

  return causes;
}
