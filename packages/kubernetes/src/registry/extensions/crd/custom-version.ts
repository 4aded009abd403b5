import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { PrinterColumn } from '../../../tables/custom.ts';
import type { RuleSet } from './rules.ts';
import type { Converter } from './webhook-conversion.ts';

/** One served version of a custom resource, prepared from its CustomResourceDefinition. */
export interface CustomVersion {
  /** Name of the CustomResourceDefinition. */
  definition: string;
  uid: string;
  /**
   * Generation of the definition; objects written under it need no pruning and defaulting when
   * read.
   */
  generation: number;
  /** Schema of whole objects, with apiVersion, kind and metadata. */
  schema: Schema;
  /** Schema of whole objects of the version that is stored. */
  storedSchema: Schema;
  /**
   * Converts objects between versions by a webhook; undefined where only the apiVersion differs.
   */
  converter?: Converter;
  /** True once its definition is being deleted: no objects can be created. */
  terminating: boolean;
  hasStatus: boolean;
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  printerColumns: readonly PrinterColumn[];
  /** JSON paths such as `.spec.color`. */
  selectableFields: readonly string[];
  /** The warning that every request to the version gets. */
  deprecationWarning?: string;
  /** CEL rules of the schema. */
  rules: RuleSet;
}
