import { Type } from 'typebox';

/**
 * Schema of labels, annotations and the like; `Type.Record` would become `patternProperties`, which
 * Swagger 2.0 does not have.
 */
export function StringMap() {
  return Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string' },
  });
}
