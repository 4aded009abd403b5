import type { SchemaGroup } from '../../group.ts';

/** Types of certificates.k8s.io/v1. */
export const certificates: SchemaGroup = {
  group: 'certificates.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.certificates.v1',
  kinds: 'CertificateSigningRequest',
  types: `
CertificateSigningRequest: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CertificateSigningRequestSpec struct; status CertificateSigningRequestStatus struct
CertificateSigningRequestCondition: lastTransitionTime time always; lastUpdateTime time always; message string; reason string; status! string; type! string
CertificateSigningRequestSpec: expirationSeconds int32 ptr; extra {}[]string; groups []string atomic; request! bytes; signerName! string; uid string; usages []string atomic; username string
CertificateSigningRequestStatus: certificate bytes; conditions []CertificateSigningRequestCondition map(type)
`,
};
