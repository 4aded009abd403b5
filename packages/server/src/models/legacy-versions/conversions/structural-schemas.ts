import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { type Fields, isAbsent, isFields, withField } from '../fields.ts';

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const INT_OR_STRING = 'x-kubernetes-int-or-string';
const ANYTHING: Readonly<Fields> = Object.freeze({ [PRESERVE]: true });

/**
 * What a schema must not say within `allOf`, `anyOf`, `oneOf` and `not` (Kubernetes "Specifying a
 * structural schema").
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

/** The schema of a version that has none: of any object. */
export const ANY_OBJECT: Readonly<Fields> = Object.freeze({ type: 'object', [PRESERVE]: true });

/** Whether a schema keeps fields that it does not name. */
export function preservesUnknown(schema: unknown): boolean {
  return isFields(schema) && schema[PRESERVE] === true;
}

/** Whether a schema says of what type values are. */
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

/** A schema with a type, or with the marks of one that needs none. */
function typed(schema: Fields): Fields {
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
 * What stands in `allOf` and the like without what must stand outside; undefined where less said
 * within would let pass less: in `oneOf` and `not`.
 */
function convertJunctor(name: (typeof JUNCTORS)[number], junctor: unknown): unknown {
  const inner = Array.isArray(junctor) ? junctor.map(withinJunctor) : withinJunctor(junctor);
  const isWhole = name === 'allOf' || name === 'anyOf' || equalJson(inner, junctor);
  return isWhole ? inner : undefined;
}

function isEmpty(junctor: unknown): boolean {
  return [junctor].flat().every((each) => isFields(each) && Object.keys(each).length === 0);
}

/** The schemas within a schema's `allOf`, `anyOf`, `oneOf` and `not`. */
function branchesOf(schema: Fields): Fields[] {
  return JUNCTORS.flatMap((name) => [schema[name]].flat().filter(isFields));
}

/**
 * Types that a branch speaks of: by fields of what is an object, and by elements of what is an
 * array.
 */
function typesOf(branch: Fields): string[] {
  return [
    ...(isFields(branch.properties) ? ['object'] : []),
    ...(isFields(branch.items) ? ['array'] : []),
    ...branchesOf(branch).flatMap(typesOf),
  ];
}

/**
 * A schema that names all that a branch names: what is named within has to be named outside too.
 */
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

/** Fields of an object, those that are named and others. */
function convertFields({ properties, additionalProperties: more }: Fields): Fields {
  if (isFields(properties)) {
    // Both at once are refused: others are kept whatever they are.
    return { properties: mapValues(properties, structuralSchema), ...ANYTHING };
  }

  return isFields(more) ? { additionalProperties: structuralSchema(more) } : ANYTHING;
}

/**
 * A schema of a kind whose unknown fields are kept as one that is structural: with a type or a mark
 * everywhere, unknown fields kept at every level, nothing within `allOf` and the like that must
 * stand outside, nothing about fields of what has none. It asks for no more than the given one.
 */
export function structuralSchema(schema: unknown): Fields {
  if (!isFields(schema)) {
    return ANYTHING;
  }

  const marked = typed(withJunctors(schema));
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

/** The same for a whole object: of its metadata nothing is described. */
export function structuralRoot(schema: unknown): Fields {
  const { additionalProperties: _more, ...given } = isFields(schema) ? schema : {};
  const root = structuralSchema({ ...given, type: 'object' });
  const { properties } = root;
  if (!isFields(properties) || !isFields(properties.metadata)) {
    return root;
  }

  return { ...root, properties: { ...properties, metadata: { type: 'object' } } };
}
