/** What a URL asks for, in the words that authorization and audit use (auth facts: Kubernetes RequestInfo, with workspaces). */
export interface RequestInfo {
  isResource: boolean;
  /** True for `/api` and `/apis`. */
  isKubernetes: boolean;
  path: string;
  /** Kubernetes verb, or the HTTP method in upper case for a path that is no resource. */
  verb: string;
  apiPrefix: string;
  cluster: string;
  group: string;
  version: string;
  workspace: string;
  namespace: string;
  devops: string;
  resource: string;
  subresource: string;
  name: string;
  scope: 'Global' | 'Cluster' | 'Workspace' | 'Namespace' | 'DevOps';
}
