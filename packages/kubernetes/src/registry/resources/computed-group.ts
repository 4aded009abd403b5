import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import type { PrinterColumn } from '../../tables/custom.ts';
import { compileRules } from '../extensions/crd/rules.ts';
import type { ResourceType } from './resource-type.ts';

/** A kind whose objects are computed when they are read, such as the usage of nodes. */
export interface ComputedKind {
  kind: string;
  /** Plural name, as in paths. */
  resource: string;
  namespaced: boolean;
  shortNames?: readonly string[];
  /** Schema of whole objects. */
  schema: Schema;
  printerColumns: readonly PrinterColumn[];
  /**
   * Returns the objects of a namespace, or of all for ''; throws a StatusError while there is
   * nothing to compute them from.
   */
  read(namespace: string): Promise<readonly KubeObject[]>;
}

/** The kinds of a group in one version. */
export interface ComputedGroup {
  group: string;
  version: string;
  kinds: readonly ComputedKind[];
}

/** Generation of the schemas, which never change. */
export const COMPUTED_GENERATION = 1;

/** Returns the resources of a group as the catalog knows them; they can be read and listed. */
export function computedTypes({ group, version, kinds }: ComputedGroup): ResourceType[] {
  return kinds.map(({ kind, resource, namespaced, shortNames = [], schema, printerColumns }) => ({
    group,
    version,
    resource,
    singular: '',
    kind,
    listKind: `${kind}List`,
    namespaced,
    shortNames,
    categories: [],
    verbs: ['get', 'list'],
    subresources: [],
    storage: { group, version, resource },
    custom: {
      definition: `${resource}.${group}`,
      uid: '',
      generation: COMPUTED_GENERATION,
      schema,
      storedSchema: schema,
      terminating: false,
      hasStatus: false,
      printerColumns,
      selectableFields: [],
      rules: compileRules(schema),
    },
  }));
}
