import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '@ks-apiserver/apimachinery/validation/field';
import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { clientConfigCauses } from '../../admission/webhooks/validate-client-config.ts';
import type { Definition, DefinitionVersion } from './definition.ts';
import { hasCondition } from './definition.ts';
import { validateStructural } from './validate-schema.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

const COLUMN_FORMATS = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
];

const MAX_WARNING = 256;
const MAX_SELECTABLE_FIELDS = 8;

/** A path such as `.spec.replicas`; undefined where it is one. */
function pathProblem(path: string): string | undefined {
  if (!path.startsWith('.')) {
    return 'must be a simple json path starting with .';
  }

  return path
    .slice(1)
    .split('.')
    .every((step) => step !== '' && !/[[\]]/.test(step))
    ? undefined
    : 'must be a json path in the dot notation';
}

function scaleCauses(
  scale: NonNullable<NonNullable<DefinitionVersion['subresources']>['scale']>,
  at: string,
): StatusCause[] {
  const causes: StatusCause[] = [];

  const check = (field: keyof typeof scale, under: readonly string[], needed: boolean) => {
    const path = scale[field];
    const where = `${at}.${field}`;

    if (!path) {
      if (needed) {
        causes.push(required(where));
      }
      return;
    }

    const problem = pathProblem(path);
    const places = under.length === 1 ? under[0] : `either ${under.join(' or ')}`;

    if (problem) {
      causes.push(invalidValue(where, path, problem));
    } else if (!under.some((prefix) => path.startsWith(`${prefix}.`))) {
      causes.push(invalidValue(where, path, `should be a json path under ${places}`));
    }
  };

  check('specReplicasPath', ['.spec'], true);
  check('statusReplicasPath', ['.status'], true);
  check('labelSelectorPath', ['.spec', '.status'], false);

  return causes;
}

function columnCauses(
  columns: DefinitionVersion['additionalPrinterColumns'] = [],
  field: string,
): StatusCause[] {
  return columns.flatMap((column, index) => {
    const at = `${field}[${index}]`;
    const causes: StatusCause[] = [];

    if (!column.name) {
      causes.push(required(`${at}.name`));
    }

    const types = `must be one of ${COLUMN_TYPES.join(',')}`;

    if (!column.type) {
      causes.push(required(`${at}.type`, types));
    } else if (!COLUMN_TYPES.includes(column.type)) {
      causes.push(invalidValue(`${at}.type`, column.type, types));
    }

    const { format } = column as { format?: string };
    if (format && !COLUMN_FORMATS.includes(format)) {
      causes.push(
        invalidValue(`${at}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`),
      );
    }

    if (!column.jsonPath) {
      causes.push(required(`${at}.JSONPath`));
    } else if (!column.jsonPath.startsWith('.')) {
      causes.push(
        invalidValue(
          `${at}.JSONPath`,
          column.jsonPath,
          'must be a simple json path starting with .',
        ),
      );
    }

    return causes;
  });
}

/** Why a field cannot be selected by; undefined when it can. */
function selectableProblem(path: string, schema: Schema): string | undefined {
  let at: Schema | undefined = schema;
  let rest = path;
  while (rest !== '') {
    const step = /^(?:\.([^.[\]]+)|\['([^']+)'\])/.exec(rest);
    if (!step) {
      if (!/^[.[]/.test(rest)) {
        return `is an invalid path: expected [ or . but got: ${/^[A-Za-z_]\w*/.exec(rest)?.[0] ?? rest[0]}`;
      }
      if (/^\[\d+\]/.test(rest)) {
        return 'is an invalid path: array notation is not allowed';
      }

      return `is an invalid path: unexpected end of JSON path`;
    }

    const name: string = step[1] ?? step[2]!;
    if (at === schema && name === 'metadata' && schema.properties?.metadata) {
      return 'must not point to fields in metadata';
    }

    at = Object.hasOwn(at.properties ?? {}, name) ? at.properties![name] : undefined;
    if (!at) {
      return 'is an invalid path: does not refer to a valid field';
    }

    rest = rest.slice(step[0].length);
  }

  if (at && ['string', 'boolean', 'integer'].includes(at.type ?? '')) {
    return undefined;
  }

  return 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
}

function selectableCauses(version: DefinitionVersion, field: string): StatusCause[] {
  const fields = version.selectableFields ?? [];
  const schema = version.schema?.openAPIV3Schema;
  if (!schema) {
    return [];
  }

  const seen = new Set<string>();

  const causes: StatusCause[] = fields.flatMap(({ jsonPath }, index) => {
    const at = `${field}[${index}].jsonPath`;

    if (!jsonPath) {
      return [required(at)];
    }

    const problem = selectableProblem(jsonPath, schema);
    if (problem) {
      return [invalidValue(at, jsonPath, problem)];
    }
    if (seen.has(jsonPath)) {
      return [duplicate(at, jsonPath)];
    }

    seen.add(jsonPath);

    return [];
  });

  if (seen.size > MAX_SELECTABLE_FIELDS) {
    causes.push(tooMany(field, seen.size, MAX_SELECTABLE_FIELDS));
  }

  return causes;
}

/**
 * Fields of one version; where there is one version only, messages speak of the definition as a
 * whole.
 */
function versionCauses(version: DefinitionVersion, index: number, many: boolean): StatusCause[] {
  const field = `spec.versions[${index}]`;
  const own = many ? field : 'spec';
  const { deprecationWarning: warning } = version;
  const causes: StatusCause[] = [];

  if (warning !== undefined) {
    const at = `${field}.deprecationWarning`;

    if (!version.deprecated) {
      causes.push(invalidValue(at, warning, 'can only be set for deprecated versions'));
    } else if (warning === '') {
      causes.push(invalidValue(at, warning, 'must not be an empty string'));
    } else if (Buffer.byteLength(warning) > MAX_WARNING) {
      causes.push(invalidValue(at, warning, `must be <= ${MAX_WARNING} characters long`));
    }
  }

  const schema = version.schema?.openAPIV3Schema;
  if (schema) {
    const at = many ? `${field}.schema.openAPIV3Schema` : 'spec.validation.openAPIV3Schema';

    if (rulesOf(schema).count > MAX_RULES || rulesOf(schema).text > MAX_RULE_TEXT) {
      const why = `must have at most ${MAX_RULES} validation rules, of ${MAX_RULE_TEXT} characters in all`;
      causes.push(forbiddenField(at, why));
    } else {
      for (const cause of validateStructural(schema, at)) {
        causes.push(cause);
      }
    }
  }

  if (version.subresources?.scale) {
    causes.push(...scaleCauses(version.subresources.scale, `${own}.subresources.scale`));
  }

  for (const cause of columnCauses(
    version.additionalPrinterColumns,
    `${own}.additionalPrinterColumns`,
  )) {
    causes.push(cause);
  }

  causes.push(...selectableCauses(version, `${own}.selectableFields`));

  return causes;
}

/**
 * Validation rules of one version, and the characters of them all: each is compiled when the
 * definition is written.
 */
const MAX_RULES = 1000;
const MAX_RULE_TEXT = 256 * 1024;

function rulesOf(schema: Schema): { count: number; text: number } {
  const rules = schema['x-kubernetes-validations'] ?? [];

  const found = {
    count: rules.length,
    text: rules.reduce((sum, { rule }) => sum + String(rule ?? '').length, 0),
  };

  const { items, additionalProperties, properties = {} } = schema;
  for (const inner of [items, additionalProperties, ...Object.values(properties)]) {
    if (typeof inner !== 'object' || inner === null) {
      continue;
    }

    const { count, text } = rulesOf(inner);
    found.count += count;
    found.text += text;
  }

  return found;
}

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

  const label = (field: string, value: string | undefined, mixed = false) => {
    const errors =
      value !== undefined ? dns1035LabelErrors(mixed ? value.toLowerCase() : value) : [];
    if (errors.length === 0) {
      return;
    }

    const prefix = mixed ? 'may have mixed case, but should otherwise match: ' : '';
    causes.push(invalidValue(`${at}.${field}`, value, prefix + errors.join(',')));
  };

  label('plural', names.plural);
  label('singular', names.singular);
  label('kind', names.kind, true);
  label('listKind', names.listKind, true);
  (names.shortNames ?? []).forEach((name, index) => {
    label(`shortNames[${index}]`, name);
  });

  if (names.kind && names.kind === names.listKind) {
    causes.push(
      invalidValue(`${at}.listKind`, names.listKind, 'kind and listKind may not be the same'),
    );
  }

  (names.categories ?? []).forEach((name, index) => {
    label(`categories[${index}]`, name);
  });

  return causes;
}

/**
 * Versions as Go prints them inside of a message: it has cleared what stands in the definition as a
 * whole.
 */
function shownVersions(versions: readonly DefinitionVersion[]): object[] {
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

  const many = versions.length > 1;

  for (const [index, version] of versions.entries()) {
    for (const cause of versionCauses(version, index, many)) {
      causes.push(cause);
    }
  }

  const shown = shownVersions(versions);

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
