import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  required,
  tooMany,
} from '@ks-apiserver/apimachinery/validation/field';
import type { DefinitionVersion } from './definition.ts';
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

/** Most rules of a version, which are compiled with each write of it, and their characters. */
const MAX_RULES = 1000;
const MAX_RULE_TEXT = 256 * 1024;

/** Why a text is no path such as `.spec.replicas`; undefined where it is one. */
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

  const checkPath = (field: keyof typeof scale, under: readonly string[]) => {
    const path = scale[field];
    const where = `${at}.${field}`;

    if (!path) {
      if (field !== 'labelSelectorPath') {
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

  checkPath('specReplicasPath', ['.spec']);
  checkPath('statusReplicasPath', ['.status']);
  checkPath('labelSelectorPath', ['.spec', '.status']);

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

    const { format } = column;
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

/** Why a field cannot be a selectable field; undefined when it can. */
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

    const name = step[1] ?? step[2] ?? '';
    if (at === schema && name === 'metadata' && schema.properties?.metadata) {
      return 'must not point to fields in metadata';
    }

    const properties: Record<string, Schema> = at.properties ?? {};
    at = Object.hasOwn(properties, name) ? properties[name] : undefined;
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
 * What is wrong with one version of a definition. Kubernetes names the fields of an only version as
 * fields of the definition.
 */
export function versionCauses(
  versions: readonly DefinitionVersion[],
  version: DefinitionVersion,
  index: number,
): StatusCause[] {
  const isOnly = versions.length === 1;
  const field = `spec.versions[${index}]`;
  const own = isOnly ? 'spec' : field;
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
    const at = isOnly ? 'spec.validation.openAPIV3Schema' : `${field}.schema.openAPIV3Schema`;

    const { count, text } = countRules(schema);
    if (count > MAX_RULES || text > MAX_RULE_TEXT) {
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

/** The number of validation rules in a schema, and of their characters. */
function countRules(schema: Schema): { count: number; text: number } {
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

    const { count, text } = countRules(inner);
    found.count += count;
    found.text += text;
  }

  return found;
}
