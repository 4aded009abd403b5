import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { forbiddenField, invalidValue, notSupported, required } from '@ks-apiserver/apimachinery/validation/field';
import { dns1035LabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Definition, DefinitionVersion } from './definition.ts';
import { hasCondition } from './definition.ts';
import { validateStructural } from './validate-schema.ts';

const JSON_PATH = /^(\.[A-Za-z_$][\w$-]*|\['[^']+'\])+$/;
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

function label(field: string, value: string | undefined, causes: StatusCause[]): void {
  if (!value) {
    causes.push(required(field));
    return;
  }
  for (const error of dns1035LabelErrors(value.toLowerCase())) causes.push(invalidValue(field, value, error));
}

function validateVersion(version: DefinitionVersion, field: string, schemaField: string, causes: StatusCause[]): void {
  for (const error of dns1035LabelErrors(version.name ?? ''))
    causes.push(invalidValue(`${field}.name`, version.name, error));
  if (!version.schema?.openAPIV3Schema) causes.push(required(`${field}.schema.openAPIV3Schema`));
  else causes.push(...validateStructural(version.schema.openAPIV3Schema, schemaField));
  const scale = version.subresources?.scale;
  if (scale) {
    const at = `${field}.subresources.scale`;
    if (!scale.specReplicasPath) causes.push(required(`${at}.specReplicasPath`));
    else if (!JSON_PATH.test(scale.specReplicasPath) || !scale.specReplicasPath.startsWith('.spec.')) {
      causes.push(invalidValue(`${at}.specReplicasPath`, scale.specReplicasPath, 'should be a json path under .spec'));
    }
    if (!scale.statusReplicasPath) causes.push(required(`${at}.statusReplicasPath`));
    else if (!JSON_PATH.test(scale.statusReplicasPath) || !scale.statusReplicasPath.startsWith('.status.')) {
      causes.push(
        invalidValue(`${at}.statusReplicasPath`, scale.statusReplicasPath, 'should be a json path under .status'),
      );
    }
  }
  (version.additionalPrinterColumns ?? []).forEach((column, index) => {
    const at = `${field}.additionalPrinterColumns[${index}]`;
    if (!column.name) causes.push(required(`${at}.name`));
    if (!column.type) causes.push(required(`${at}.type`, `must be one of ${COLUMN_TYPES.join(',')}`));
    else if (!COLUMN_TYPES.includes(column.type)) {
      causes.push(invalidValue(`${at}.type`, column.type, `must be one of ${COLUMN_TYPES.join(',')}`));
    }
    if (!column.jsonPath) causes.push(required(`${at}.jsonPath`));
  });
  (version.selectableFields ?? []).forEach(({ jsonPath }, index) => {
    if (!JSON_PATH.test(jsonPath ?? '')) {
      causes.push(invalidValue(`${field}.selectableFields[${index}].jsonPath`, jsonPath, 'must be a simple json path'));
    }
  });
}

/** What is wrong with a CustomResourceDefinition, in kube-apiserver's words. */
export function validateDefinition(definition: Definition, old: Definition | undefined): StatusCause[] {
  const causes: StatusCause[] = [];
  const {
    group = '',
    names = {} as Definition['spec']['names'],
    scope,
    versions = [],
    conversion,
  } = definition.spec ?? {};
  if (definition.metadata.name !== `${names.plural}.${group}`) {
    causes.push(invalidValue('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (group === '') causes.push(required('spec.group'));
  else {
    for (const error of dnsSubdomainErrors(group)) causes.push(invalidValue('spec.group', group, error));
    if (!group.includes('.'))
      causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  }
  if (!scope) causes.push(required('spec.scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  const many = versions.length > 1;
  versions.forEach((version, index) => {
    const field = `spec.versions[${index}]`;
    validateVersion(
      version,
      field,
      many ? `${field}.schema.openAPIV3Schema` : 'spec.validation.openAPIV3Schema',
      causes,
    );
  });
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    causes.push(
      invalidValue(
        'spec.versions',
        versions.map(({ name }) => name),
        'must contain unique version names',
      ),
    );
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    causes.push(
      invalidValue(
        'spec.versions',
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      ),
    );
  }
  label('spec.names.plural', names.plural, causes);
  label('spec.names.singular', names.singular, causes);
  label('spec.names.kind', names.kind, causes);
  label('spec.names.listKind', names.listKind, causes);
  if (names.kind && names.kind === names.listKind) {
    causes.push(invalidValue('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  }
  if (conversion && conversion.strategy !== 'None') {
    causes.push(notSupported('spec.conversion.strategy', conversion.strategy, ['None']));
  }
  if (definition.spec?.preserveUnknownFields === true) {
    causes.push(
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  }
  const stored = definition.status?.storedVersions ?? [];
  for (const [index, name] of stored.entries()) {
    if (versions.every((version) => version.name !== name)) {
      causes.push(
        invalidValue(
          `status.storedVersions[${index}]`,
          name,
          'missing from spec.versions; this version must be kept until its objects are migrated',
        ),
      );
    }
  }
  if (old && hasCondition(old, 'Established')) {
    if (old.spec.group !== group) causes.push(invalidValue('spec.group', group, 'field is immutable'));
    if (old.spec.scope !== scope) causes.push(invalidValue('spec.scope', scope, 'field is immutable'));
    if (old.spec.names.kind !== names.kind)
      causes.push(invalidValue('spec.names.kind', names.kind, 'field is immutable'));
    if (old.spec.names.plural !== names.plural) causes.push(forbiddenField('spec.names.plural', 'field is immutable'));
  }
  return causes;
}
