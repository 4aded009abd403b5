import type { Json } from '../meta/types.ts';

/**
 * The schema of a kind or of a part of it, for built-in kinds and CRDs alike: a structural OpenAPI
 * v3 schema with Kubernetes' extensions (kubernetes.io "Extend the Kubernetes API with
 * CustomResourceDefinitions", "Structural schemas"). Treated as immutable; `properties` of built-in
 * kinds may be built lazily and may be recursive.
 */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  required?: readonly string[];
  enum?: readonly Json[];
  default?: Json;
  nullable?: boolean;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  not?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** Merge key of a list for strategic merge patch. */
  'x-kubernetes-patch-merge-key'?: string;
  /** Comma list of `merge`, `replace`, `retainKeys` for strategic merge patch. */
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-validations'?: readonly {
    rule: string;
    message?: string;
    messageExpression?: string;
    reason?: string;
    fieldPath?: string;
    optionalOldSelf?: boolean;
  }[];
  /**
   * A struct that is no pointer in Kubernetes' Go types: it is there, empty at least, wherever its
   * parent is.
   */
  'x-struct'?: boolean;
  /**
   * Optional and a pointer in Go: a zero that was written, such as '' or 0, is kept; other optional
   * fields lose it.
   */
  'x-pointer'?: boolean;
  /** Encoded also when it is zero although it is optional, or not then although it is required. */
  'x-zero'?: 'always' | 'omitted';
  /**
   * Behind a feature gate of Kubernetes that is off by default, or long unused: what is written
   * there is dropped.
   */
  'x-dropped'?: boolean;
  /**
   * What objects of the type are when the type itself takes any value: JSONSchemaPropsOrBool is a
   * boolean or JSONSchemaProps.
   */
  'x-object'?: Schema;
  /** Name of a named definition in OpenAPI documents, such as `io.k8s.api.core.v1.PodSpec`. */
  'x-definition'?: string;
}

/**
 * Whether values of a schema have no parts: maps and lists of such values need no walk into their
 * items.
 */
export function isScalar({ type }: Schema): boolean {
  return type === 'string' || type === 'integer' || type === 'number' || type === 'boolean';
}
