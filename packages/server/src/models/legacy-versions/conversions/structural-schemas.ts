import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { type Fields, isAbsent, isFields, withField } from '../fields.ts';

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const INT_OR_STRING = 'x-kubernetes-int-or-string';
const ANYTHING: Readonly<Fields> = Object.freeze({ [PRESERVE]: true });

/**
 * Keywords that are not allowed within `allOf`, `anyOf`, `oneOf` and `not` (Kubernetes "Specifying
 * a structural schema").
 */
const OUTSIDE_ONLY = new Set([
  'description',
  'title',
  'type',
  'default',
  'additionalProperties',
  'nullable',
]);

const JUNCTORS = ['allOf', 'anyOf', 'oneOf', 'not'] as const;

/** The schema of a version without one: it allows any object. */
export const ANY_OBJECT: Readonly<Fields> = Object.freeze({ type: 'object', [PRESERVE]: true });

/** Whether a schema preserves fields that it does not name. */
export function preservesUnknown(schema: unknown): boolean {
  return isFields(schema) && schema[PRESERVE] === true;
}

/** Whether a schema has a type. */
function isTyped({ type }: Fields): boolean {
  return !isAbsent(type) && type !== '';
}

function isIntOrString({ anyOf, ...schema }: Fields): boolean {
  if (isTyped(schema)) {
    return false;
  }

  const types = Array.isArray(anyOf)
    ? anyOf.map((each) =>
        isFields(each) && Object.keys(each).length === 1 ? each.type : undefined,
      )
    : [];

  return types.length === 2 && types.includes('integer') && types.includes('string');
}

/** Adds a type to a schema, unless it has a mark that needs none. */
function withType(schema: Fields): Fields {
  if (isTyped(schema)) {
    return schema;
  }

  return schema[INT_OR_STRING] === true || isIntOrString(schema)
    ? { ...schema, [INT_OR_STRING]: true }
    : { ...schema, ...ANYTHING };
}

function mapValues(fields: Fields, change: (value: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value)]));
}

function withinJunctor(schema: unknown): unknown {
  if (!isFields(schema)) {
    return schema;
  }

  const kept = Object.entries(schema).filter(
    ([name]) => !OUTSIDE_ONLY.has(name) && !name.startsWith('x-kubernetes-'),
  );

  return Object.fromEntries(
    kept.map(([name, value]) => {
      switch (name) {
        case 'properties':
          return [name, isFields(value) ? mapValues(value, withinJunctor) : value];
        case 'items':
          return [name, withinJunctor(value)];
        case 'allOf':
        case 'anyOf':
        case 'oneOf':
        case 'not':
          return [name, convertJunctor(name, value)];
        default:
          return [name, value];
      }
    }),
  );
}

/**
 * Removes from a schema within `allOf` and the like what must be outside. Undefined in `oneOf` and
 * `not`, where removing a condition would permit less.
 */
function convertJunctor(name: (typeof JUNCTORS)[number], junctor: unknown): unknown {
  const inner = Array.isArray(junctor) ? junctor.map(withinJunctor) : withinJunctor(junctor);
  const isWhole = name === 'allOf' || name === 'anyOf' || equalJson(inner, junctor);
  return isWhole ? inner : undefined;
}

function isEmpty(junctor: unknown): boolean {
  return [junctor].flat().every((each) => isFields(each) && Object.keys(each).length === 0);
}

/** Returns the schemas within a schema's `allOf`, `anyOf`, `oneOf` and `not`. */
function branchesOf(schema: Fields): Fields[] {
  return JUNCTORS.flatMap((name) => [schema[name]].flat().filter(isFields));
}

/** Returns the types that a branch implies: an object by its fields, an array by its elements. */
function typesOf(branch: Fields): string[] {
  return [
    ...(isFields(branch.properties) ? ['object'] : []),
    ...(isFields(branch.items) ? ['array'] : []),
    ...branchesOf(branch).flatMap(typesOf),
  ];
}

/** Adds to a schema all fields that a branch names: they must be named outside too. */
function mergeBranch(schema: Fields, branch: Fields): Fields {
  let result = schema;

  if (isFields(branch.properties)) {
    const own = isFields(schema.properties) ? schema.properties : {};

    const named = Object.entries(branch.properties).map(([name, each]) => [
      name,
      completedPart(own[name], each),
    ]);

    result = { ...result, properties: { ...own, ...Object.fromEntries(named) } };
  }

  if (isFields(branch.items)) {
    result = { ...result, items: completedPart(schema.items, branch.items) };
  }

  return branchesOf(branch).reduce(mergeBranch, result);
}

function completedPart(part: unknown, branch: unknown): Fields {
  const own = isFields(part) ? part : {};
  return isFields(branch) ? mergeBranch(own, branch) : own;
}

function withJunctors(schema: Fields): Fields {
  let result = schema;

  for (const name of JUNCTORS) {
    const junctor = schema[name];
    if (isAbsent(junctor) || (name === 'anyOf' && isIntOrString(schema))) {
      continue;
    }

    const inner = convertJunctor(name, junctor);
    const branches = [inner].flat().filter(isFields);

    // A part that contradicts the schema's type cannot be structural: it is left out.
    const fits =
      !isTyped(schema) || branches.flatMap(typesOf).every((type) => type === schema.type);
    const isKept = inner !== undefined && !isEmpty(inner) && fits;

    result = withField(result, name, isKept ? inner : undefined);
    result = isKept ? branches.reduce(mergeBranch, result) : result;
  }

  return result;
}

/** Converts the named fields of an object, and the others. */
function convertFields({ properties, additionalProperties: more }: Fields): Fields {
  if (isFields(properties)) {
    // Both at once are refused: other fields are preserved.
    return { properties: mapValues(properties, structuralSchema), ...ANYTHING };
  }

  return isFields(more) ? { additionalProperties: structuralSchema(more) } : ANYTHING;
}

/**
 * Converts a schema that preserves unknown fields to a structural one: every level has a type or a
 * mark and preserves unknown fields, and nothing is within `allOf` and the like that must be
 * outside. It accepts all that the given schema accepts.
 */
export function structuralSchema(schema: unknown): Fields {
  if (!isFields(schema)) {
    return ANYTHING;
  }

  const marked = withType(withJunctors(schema));
  const { properties, additionalProperties, items, ...whole } = marked;
  switch (whole.type) {
    case 'object':
      return { ...whole, ...convertFields(marked) };
    case 'array':
      return { ...whole, items: structuralSchema(items) };
    default:
      return whole[PRESERVE] === true && !isTyped(whole)
        ? {
            ...whole,
            ...convertFields(marked),
            ...(isFields(items) && { items: structuralSchema(items) }),
            ...ANYTHING,
          }
        : whole;
  }
}

/** Converts the schema of a whole object; its metadata are not described. */
export function structuralRoot(schema: unknown): Fields {
  const { additionalProperties: _more, ...given } = isFields(schema) ? schema : {};
  const root = structuralSchema({ ...given, type: 'object' });
  const { properties } = root;
  if (!isFields(properties) || !isFields(properties.metadata)) {
    return root;
  }

  return { ...root, properties: { ...properties, metadata: { type: 'object' } } };
}
