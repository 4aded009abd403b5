import type { SchemaGroup } from '../../group.ts';

/** Types of apiextensions.k8s.io/v1. */
export const apiextensions: SchemaGroup = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  kinds: 'CustomResourceDefinition',
  types: `
CustomResourceColumnDefinition: description string; format string; jsonPath! string; name! string; priority int32; type! string
CustomResourceConversion: strategy! string; webhook WebhookConversion
CustomResourceDefinition: apiVersion string; kind string; metadata meta.ObjectMeta struct; spec! CustomResourceDefinitionSpec struct; status CustomResourceDefinitionStatus struct
CustomResourceDefinitionCondition: lastTransitionTime time; message string; observedGeneration int64; reason string; status! string; type! string
CustomResourceDefinitionNames: categories []string atomic; kind! string; listKind string; plural! string; shortNames []string atomic; singular string
CustomResourceDefinitionSpec: conversion CustomResourceConversion; group! string; names! CustomResourceDefinitionNames struct; preserveUnknownFields bool; scope! string; versions! []CustomResourceDefinitionVersion atomic
CustomResourceDefinitionStatus: acceptedNames CustomResourceDefinitionNames struct; conditions []CustomResourceDefinitionCondition map(type) always; observedGeneration int64; storedVersions []string atomic always
CustomResourceDefinitionVersion: additionalPrinterColumns []CustomResourceColumnDefinition atomic; deprecated bool; deprecationWarning string ptr; name! string; schema CustomResourceValidation; selectableFields []SelectableField atomic; served! bool; storage! bool; subresources CustomResourceSubresources
CustomResourceSubresourceScale: labelSelectorPath string ptr; specReplicasPath! string; statusReplicasPath! string
CustomResourceSubresources: scale CustomResourceSubresourceScale; status raw
CustomResourceValidation: openAPIV3Schema JSONSchemaProps
ExternalDocumentation: description string; url string
JSONSchemaProps: $ref string ptr; $schema string; additionalItems JSONSchemaPropsOrBool; additionalProperties JSONSchemaPropsOrBool; allOf []JSONSchemaProps atomic; anyOf []JSONSchemaProps atomic; default any; definitions {}JSONSchemaProps; dependencies {}JSONSchemaPropsOrStringArray ptr; description string; enum []any atomic; example any; exclusiveMaximum bool; exclusiveMinimum bool; externalDocs ExternalDocumentation; format string; id string; items JSONSchemaPropsOrArray; maxItems int64 ptr; maxLength int64 ptr; maxProperties int64 ptr; maximum double ptr; minItems int64 ptr; minLength int64 ptr; minProperties int64 ptr; minimum double ptr; multipleOf double ptr; not JSONSchemaProps; nullable bool; oneOf []JSONSchemaProps atomic; pattern string; patternProperties {}JSONSchemaProps; properties {}JSONSchemaProps; required []string atomic; title string; type string; uniqueItems bool; x-kubernetes-embedded-resource bool; x-kubernetes-int-or-string bool; x-kubernetes-list-map-keys []string atomic; x-kubernetes-list-type string ptr; x-kubernetes-map-type string ptr; x-kubernetes-preserve-unknown-fields bool ptr; x-kubernetes-validations []ValidationRule map(rule) merge(rule)
JSONSchemaPropsOrArray or(JSONSchemaProps):
JSONSchemaPropsOrBool or(JSONSchemaProps):
JSONSchemaPropsOrStringArray or(JSONSchemaProps):
SelectableField: jsonPath! string
ServiceReference: name! string; namespace! string; path string ptr; port int32 ptr
ValidationRule: fieldPath string; message string; messageExpression string; optionalOldSelf bool ptr; reason string enum(FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired) ptr; rule! string
WebhookClientConfig: caBundle bytes; service ServiceReference; url string ptr
WebhookConversion: clientConfig WebhookClientConfig; conversionReviewVersions! []string atomic
`,
};
