import { type Conversion, sameFields } from '../conversion.ts';
import { mapFields, withDefaults } from '../fields.ts';

/**
 * CertificateSigningRequests of certificates.k8s.io/v1beta1: the served version takes no request
 * for the signer of old.
 */
export const certificateRequests: Conversion = sameFields((object) => {
  const requested = mapFields(object, 'spec', (spec) =>
    withDefaults(spec, {
      signerName: 'kubernetes.io/legacy-unknown',
      usages: ['digital signature', 'key encipherment'],
    }),
  );

  return mapFields(requested, 'status.conditions[]', (condition) =>
    withDefaults(condition, { status: 'True' }),
  );
});
