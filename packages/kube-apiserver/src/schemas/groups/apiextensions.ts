import type { SchemaGroup } from '../group.ts';

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
CustomResourceDefinitionStatus: acceptedNames CustomResourceDefinitionNames struct; conditions []CustomResourceDefinitionCondition map(type); observedGeneration int64; storedVersions []string atomic
CustomResourceDefinitionVersion: additionalPrinterColumns []CustomResourceColumnDefinition atomic; deprecated bool; deprecationWarning string; name! string; schema CustomResourceValidation; selectableFields []SelectableField atomic; served! bool; storage! bool; subresources CustomResourceSubresources
CustomResourceSubresourceScale: labelSelectorPath string; specReplicasPath! string; statusReplicasPath! string
CustomResourceSubresources: scale CustomResourceSubresourceScale; status raw
CustomResourceValidation: openAPIV3Schema JSONSchemaProps
ExternalDocumentation: description string; url string
JSONSchemaProps: $ref string; $schema string; additionalItems JSONSchemaPropsOrBool; additionalProperties JSONSchemaPropsOrBool; allOf []JSONSchemaProps atomic; anyOf []JSONSchemaProps atomic; default any; definitions {}JSONSchemaProps; dependencies {}JSONSchemaPropsOrStringArray; description string; enum []any atomic; example any; exclusiveMaximum bool; exclusiveMinimum bool; externalDocs ExternalDocumentation; format string; id string; items JSONSchemaPropsOrArray; maxItems int64; maxLength int64; maxProperties int64; maximum double; minItems int64; minLength int64; minProperties int64; minimum double; multipleOf double; not JSONSchemaProps; nullable bool; oneOf []JSONSchemaProps atomic; pattern string; patternProperties {}JSONSchemaProps; properties {}JSONSchemaProps; required []string atomic; title string; type string; uniqueItems bool; x-kubernetes-embedded-resource bool; x-kubernetes-int-or-string bool; x-kubernetes-list-map-keys []string atomic; x-kubernetes-list-type string; x-kubernetes-map-type string; x-kubernetes-preserve-unknown-fields bool; x-kubernetes-validations []ValidationRule map(rule) merge(rule)
JSONSchemaPropsOrArray:
JSONSchemaPropsOrBool:
JSONSchemaPropsOrStringArray:
SelectableField: jsonPath! string
ServiceReference: name! string; namespace! string; path string; port int32
ValidationRule: fieldPath string; message string; messageExpression string; optionalOldSelf bool; reason string enum(FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired); rule! string
WebhookClientConfig: caBundle bytes; service ServiceReference; url string
WebhookConversion: clientConfig WebhookClientConfig; conversionReviewVersions! []string atomic
`,
};
