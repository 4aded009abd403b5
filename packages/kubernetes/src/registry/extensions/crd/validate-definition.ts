import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import {
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { clientConfigCauses } from '../../webhook-client/validate-client-config.ts';
import type { Definition, DefinitionVersion } from './definition.ts';
import { hasCondition } from './definition.ts';
import { versionCauses } from './validate-version.ts';

const CONVERSION_VERSIONS = ['v1', 'v1beta1'];

function conversionCauses(conversion: Definition['spec']['conversion']): StatusCause[] {
  const at = 'spec.conversion';

  if (!conversion) {
    return [];
  }

  const { strategy, webhook } = conversion;
  const { clientConfig, conversionReviewVersions: versions = [] } = webhook ?? {};
  const causes: StatusCause[] = [];

  if (!strategy) {
    causes.push(required(`${at}.strategy`));
  } else if (strategy !== 'None' && strategy !== 'Webhook') {
    causes.push(notSupported(`${at}.strategy`, strategy, ['None', 'Webhook']));
  }

  if (strategy !== 'Webhook') {
    if (clientConfig) {
      causes.push(
        forbiddenField(
          `${at}.webhookClientConfig`,
          'should not be set when strategy is not set to Webhook',
        ),
      );
    }

    if (versions.length > 0) {
      causes.push(
        forbiddenField(
          `${at}.conversionReviewVersions`,
          'should not be set when strategy is not set to Webhook',
        ),
      );
    }

    return causes;
  }

  if (!clientConfig) {
    causes.push(required(`${at}.webhookClientConfig`, 'required when strategy is set to Webhook'));
  } else {
    causes.push(...clientConfigCauses(clientConfig, `${at}.webhookClientConfig`));
  }

  if (versions.length === 0) {
    causes.push(required(`${at}.conversionReviewVersions`));
  } else if (!versions.some((version) => CONVERSION_VERSIONS.includes(version))) {
    const why = `must include at least one of ${CONVERSION_VERSIONS.join(', ')}`;
    causes.push(invalidValue(`${at}.conversionReviewVersions`, versions, why));
  }

  return causes;
}

function nameCauses(names: Definition['spec']['names']): StatusCause[] {
  const at = 'spec.names';
  const causes: StatusCause[] = [];

  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[field]) {
      causes.push(required(`${at}.${field}`));
    }
  }

  const checkLabel = (field: string, value: string | undefined) => {
    const errors = value === undefined ? [] : dns1035LabelErrors(value);
    if (errors.length > 0) {
      causes.push(invalidValue(`${at}.${field}`, value, errors.join(',')));
    }
  };

  const checkMixedCase = (field: string, value: string | undefined) => {
    const errors = value === undefined ? [] : dns1035LabelErrors(value.toLowerCase());
    if (errors.length > 0) {
      const why = `may have mixed case, but should otherwise match: ${errors.join(',')}`;
      causes.push(invalidValue(`${at}.${field}`, value, why));
    }
  };

  checkLabel('plural', names.plural);
  checkLabel('singular', names.singular);
  checkMixedCase('kind', names.kind);
  checkMixedCase('listKind', names.listKind);

  for (const [index, name] of (names.shortNames ?? []).entries()) {
    checkLabel(`shortNames[${index}]`, name);
  }

  if (names.kind && names.kind === names.listKind) {
    causes.push(
      invalidValue(`${at}.listKind`, names.listKind, 'kind and listKind may not be the same'),
    );
  }

  for (const [index, name] of (names.categories ?? []).entries()) {
    checkLabel(`categories[${index}]`, name);
  }

  return causes;
}

/**
 * Versions as Go prints them in a message, after kube-apiserver has cleared the fields that the
 * whole definition shares.
 */
function toGoVersions(versions: readonly DefinitionVersion[]): object[] {
  return versions.map(({ name, served, storage, deprecated, deprecationWarning }) => ({
    Name: name,
    Served: served === true,
    Storage: storage === true,
    Deprecated: deprecated === true,
    DeprecationWarning: deprecationWarning ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  }));
}

/** What is wrong with `status.storedVersions` for these versions. */
export function storedVersionCauses(
  versions: readonly DefinitionVersion[],
  stored: readonly string[] | undefined,
): StatusCause[] {
  const at = 'status.storedVersions';

  if (!stored?.length) {
    return [invalidValue(at, null, 'must have at least one stored version')];
  }

  const causes: StatusCause[] = [];
  const kept = new Set(stored);
  const served = new Set(versions.map(({ name = '' }) => name));

  for (const { name = '', storage } of versions) {
    if (storage && !kept.has(name)) {
      causes.push(invalidValue(at, stored, `must have the storage version ${name}`));
    }
  }

  for (const [index, name] of stored.entries()) {
    if (served.has(name)) {
      continue;
    }

    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    causes.push(invalidValue(`${at}[${index}]`, name, why));
  }

  return causes;
}

function changedCauses(definition: Definition, old: Definition): StatusCause[] {
  const causes: StatusCause[] = [];

  const immutable = (field: string, value: unknown, before: unknown) => {
    if (value !== before) {
      causes.push(invalidValue(field, value, 'field is immutable'));
    }
  };

  immutable('spec.group', definition.spec.group, old.spec.group);
  immutable('spec.scope', definition.spec.scope, old.spec.scope);
  immutable('spec.names.kind', definition.spec.names.kind, old.spec.names.kind);
  immutable('spec.names.plural', definition.spec.names.plural, old.spec.names.plural);

  return causes;
}

/** What is wrong with a CustomResourceDefinition, in kube-apiserver's words. */
export function validateDefinition(
  definition: Definition,
  old: Definition | undefined,
): StatusCause[] {
  const causes: StatusCause[] = [];

  const {
    group = '',
    names = {} as Definition['spec']['names'],
    scope,
    versions = [],
    conversion,
  } = definition.spec ?? {};

  if (!old && definition.metadata.name !== `${names.plural ?? ''}.${group}`) {
    causes.push(
      invalidValue(
        'metadata.name',
        definition.metadata.name,
        'must be spec.names.plural+"."+spec.group',
      ),
    );
  }

  if (group === '') {
    causes.push(required('spec.group'));
  } else {
    const errors = dnsSubdomainErrors(group);
    if (errors.length > 0) {
      causes.push(invalidValue('spec.group', group, errors.join(',')));
    } else if (!group.includes('.')) {
      causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
    }
  }

  if (!scope) {
    causes.push(required('spec.scope'));
  } else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }

  for (const [index, { schema }] of versions.entries()) {
    if (!schema?.openAPIV3Schema) {
      causes.push(required(`spec.versions[${index}].schema.openAPIV3Schema`));
    }
  }

  for (const [index, { name = '' }] of versions.entries()) {
    const errors = dns1035LabelErrors(name);
    if (errors.length > 0) {
      causes.push(invalidValue(`spec.versions[${index}].name`, name, errors.join(',')));
    }
  }

  for (const [index, version] of versions.entries()) {
    for (const cause of versionCauses(versions, version, index)) {
      causes.push(cause);
    }
  }

  const shown = toGoVersions(versions);

  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    causes.push(invalidValue('spec.versions', shown, 'must contain unique version names'));
  }

  if (versions.filter(({ storage }) => storage).length !== 1) {
    causes.push(
      invalidValue(
        'spec.versions',
        shown,
        'must have exactly one version marked as storage version',
      ),
    );
  }

  const first = versions[0]?.name;
  const errors = first === undefined ? [] : dns1035LabelErrors(first);
  if (errors.length > 0) {
    causes.push(invalidValue('spec.version', first, errors.join(',')));
  }

  causes.push(...nameCauses(names), ...conversionCauses(conversion));

  if (definition.spec?.preserveUnknownFields === true) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    causes.push(invalidValue('spec.preserveUnknownFields', true, why));
  }

  causes.push(...storedVersionCauses(versions, definition.status?.storedVersions));

  if (old && hasCondition(old, 'Established')) {
    causes.push(...changedCauses(definition, old));
  }

  return causes;
}
