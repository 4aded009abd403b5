import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { PrinterColumn } from '../../../tables/custom.ts';
import type { ClientConfig } from '../../webhook-client/target.ts';

/** Names of a custom resource. */
export interface DefinitionNames {
  plural: string;
  kind: string;
  singular?: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

/** One version in a CustomResourceDefinition. */
export interface DefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: Schema };
  subresources?: {
    status?: object;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

/** One condition in the status of a CustomResourceDefinition. */
export interface DefinitionCondition {
  type: string;
  status: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** A CustomResourceDefinition (apiextensions.k8s.io/v1). */
export interface Definition extends KubeObject {
  spec: {
    group: string;
    scope: 'Namespaced' | 'Cluster';
    names: DefinitionNames;
    versions: DefinitionVersion[];
    conversion?: {
      strategy: string;
      webhook?: { clientConfig?: ClientConfig; conversionReviewVersions?: string[] };
    };
    preserveUnknownFields?: boolean;
  };
  status?: {
    conditions?: DefinitionCondition[] | null;
    acceptedNames?: DefinitionNames;
    storedVersions?: string[];
  };
}

/** Finalizer that holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Storage prefix of all definitions. */
export const DEFINITIONS_PREFIX = '/registry/apiextensions.k8s.io/customresourcedefinitions/';

/** Whether a condition of a definition is True. */
export function hasCondition(definition: Definition, type: string): boolean {
  return (
    definition.status?.conditions?.some((item) => item.type === type && item.status === 'True') ===
    true
  );
}
