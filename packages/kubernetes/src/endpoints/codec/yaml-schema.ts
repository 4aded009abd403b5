import {
  boolYaml11Tag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intCoreTag,
  intYaml11Tag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
} from 'js-yaml';

/** Integers of YAML 1.1 without base 60; a decimal one may have leading zeros. */
const intTag = defineScalarTag<number>('tag:yaml.org,2002:int', {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tagName) => {
    if (source.includes(':')) {
      return NOT_RESOLVED;
    }

    const value = intYaml11Tag.resolve(source, isExplicit, tagName);

    return value === NOT_RESOLVED && /^[-+]?[0-9]+$/.test(source)
      ? intCoreTag.resolve(source, isExplicit, tagName)
      : value;
  },
});

const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  ...floatCoreTag,
  resolve: (source, isExplicit, tagName) =>
    floatCoreTag.resolve(source.replaceAll('_', ''), isExplicit, tagName),
});

/** Binary values become strings, as in objects of the API. */
const binaryTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  resolve: (source) => Buffer.from(source, 'base64').toString('utf8'),
  identify: () => false,
});

/**
 * The YAML types that Kubernetes supports: those of YAML 1.1 without timestamps and base 60
 * numbers.
 */
export const KUBERNETES_SCHEMA = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullYaml11Tag,
  boolYaml11Tag,
  intTag,
  floatTag,
  mergeTag,
  binaryTag,
]);
