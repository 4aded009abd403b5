import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { portNumberErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Validator } from '../validator.ts';

/** APIServices. */
export const apiServices: Validator = ({ metadata, spec = {} }, _old, out) => {
  const {
    group = '',
    version = '',
    groupPriorityMinimum: ofGroup = 0,
    versionPriority = 0,
    service,
    caBundle,
  } = spec;

  const name = `${version}.${group}`;
  if (metadata.name !== name) {
    const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`;
    out.invalid('metadata.name', metadata.name, why);
  }

  if (group === '' && version !== 'v1') {
    out.required('spec.group', 'only v1 may have an empty group and it better be legacy kube');
  }
  if (group !== '') {
    out.each('spec.group', group, dnsSubdomainErrors(group));
  }

  out.each('spec.version', version, dns1035LabelErrors(version));

  if (ofGroup <= 0 || ofGroup > 20_000) {
    out.invalid('spec.groupPriorityMinimum', ofGroup, 'must be positive and less than 20000');
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    out.invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000');
  }

  const insecure = spec.insecureSkipTLSVerify === true;
  const field = 'spec.insecureSkipTLSVerify';

  if (service === undefined) {
    if (caBundle) {
      const printed = `${Buffer.from(caBundle, 'base64').byteLength} bytes`;
      out.invalid('spec.caBundle', printed, 'local APIServices may not have a caBundle');
    }

    if (insecure) {
      out.invalid(field, true, 'local APIServices may not have insecureSkipTLSVerify');
    }

    return;
  }

  if (!service.namespace) {
    out.required('spec.service.namespace');
  }
  if (!service.name) {
    out.required('spec.service.name');
  }

  const errors = portNumberErrors(service.port);
  if (errors.length > 0) {
    out.invalid('spec.service.port', service.port, `port is not valid: ${errors.join(', ')}`);
  }
  if (insecure && caBundle) {
    out.invalid(field, true, 'may not be true if caBundle is present');
  }
};
