import { WORKSPACE_LABEL } from '../iam/types.ts';
import type { Catalog } from '../resources/catalog.ts';
import { BindingIndex } from './binding-index.ts';

/** All bindings of the platform by their four scopes: authorization and the lists of members read the same indexes. */
export class Bindings {
  readonly global: BindingIndex;
  /** By workspace. */
  readonly workspace: BindingIndex;
  /** By namespace. */
  readonly namespace: BindingIndex;
  readonly cluster: BindingIndex;

  constructor(catalog: Catalog) {
    const platform = () => '';
    this.global = new BindingIndex(catalog.row('globalrolebindings'), platform);
    this.workspace = new BindingIndex(
      catalog.row('workspacerolebindings'),
      (entry) => entry.labels[WORKSPACE_LABEL] ?? '',
    );
    this.namespace = new BindingIndex(catalog.row('rolebindings'), (entry) => entry.namespace);
    this.cluster = new BindingIndex(catalog.row('clusterrolebindings'), platform);
  }
}
