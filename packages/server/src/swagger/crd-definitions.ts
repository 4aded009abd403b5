import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { ref, type SwaggerSchema } from './document.ts';
import { listSchema, metaName } from './meta-definitions.ts';

/**
 * Names of the definitions that fields of custom resources refer to, by field or, where kinds
 * differ, by kind and field.
 */
const fieldDefinitions: Readonly<Record<string, string>> = {
  bitbucket_server_source: 'BitbucketServerSource',
  cgroupLimits: 'CGroupLimits',
  conditions: 'ClusterCondition',
  config: 'S2iConfig',
  connection: 'Connection',
  containerInfo: 'ContainerInfo',
  discarder: 'DiscarderProperty',
  discover_pr_from_forks: 'DiscoverPRFromForks',
  dockerConfig: 'DockerConfig',
  egress: 'NetworkPolicyEgressRule',
  environment: 'EnvironmentSpec',
  'S2iBuilderTemplate.environment': 'Parameter',
  from: 'NetworkPolicyPeer',
  fromTemplate: 'UserDefineTemplate',
  git_clone_option: 'GitCloneOption',
  git_source: 'GitSource',
  github_source: 'GithubSource',
  incrementalAuthentication: 'AuthConfig',
  ingress: 'NetworkPolicyIngressRule',
  injections: 'VolumeSpec',
  multi_branch_pipeline: 'MultiBranchPipeline',
  multibranch_job_trigger: 'MultiBranchJobTrigger',
  namespace: 'NamespaceSelector',
  parameters: 'Parameter',
  pipeline: 'NoScmPipeline',
  pullAuthentication: 'AuthConfig',
  pushAuthentication: 'AuthConfig',
  remote_trigger: 'RemoteTrigger',
  runtimeArtifacts: 'VolumeSpec',
  runtimeAuthentication: 'AuthConfig',
  s2iBuildResult: 'S2iBuildResult',
  s2iBuildSource: 'S2iBuildSource',
  scriptDownloadProxyConfig: 'ProxyConfig',
  service: 'ServiceSelector',
  single_svn_source: 'SingleSvnSource',
  svn_source: 'SvnSource',
  timer_trigger: 'TimerTrigger',
  to: 'NetworkPolicyPeer',
};

/** Fields that hold types of Kubernetes' own. */
const kubernetesFields: Readonly<Record<string, string>> = {
  gitSecretRef: 'LocalObjectReference',
  ipBlock: 'IPBlock',
  ports: 'NetworkPolicyPort',
  secretRef: 'LocalObjectReference',
};

/**
 * Returns the name of a kind's definition:
 * `io.kubesphere.kubesphere.pkg.apis.cluster.v1alpha1.Cluster`.
 */
export function definitionName(group: string, version: string, kind: string): string {
  return `io.kubesphere.kubesphere.pkg.apis.${group.split('.')[0]}.${version}.${kind}`;
}

class Definitions {
  readonly found = new Map<string, SwaggerSchema>();
  readonly #kind: string;
  readonly #group: string;
  readonly #version: string;

  constructor(group: string, version: string, kind: string) {
    this.#group = group;
    this.#version = version;
    this.#kind = kind;
  }

  #nameOf(field: string): string {
    if (field === 'spec' || field === 'status') {
      return `${this.#kind}${field === 'spec' ? 'Spec' : 'Status'}`;
    }

    return (
      fieldDefinitions[`${this.#kind}.${field}`] ??
      fieldDefinitions[field] ??
      field.replace(/^./, (c) => c.toUpperCase())
    );
  }

  schema(schema: Schema, field: string): SwaggerSchema {
    if (schema['x-kubernetes-int-or-string']) {
      return ref(metaName('IntOrString'));
    }
    if (schema.format === 'date-time') {
      return ref(metaName('Time'));
    }

    const about = schema.description === undefined ? {} : { description: schema.description };

    if (schema.type === 'array') {
      return { ...about, type: 'array', items: this.schema(schema.items ?? {}, field) };
    }

    if (schema.properties) {
      if (kubernetesFields[field]) {
        return ref(metaName(kubernetesFields[field]));
      }

      const name = definitionName(this.#group, this.#version, this.#nameOf(field));
      this.found.set(name, this.object(schema));

      return ref(name);
    }

    if (typeof schema.additionalProperties === 'object') {
      return {
        ...about,
        type: 'object',
        additionalProperties: this.schema(schema.additionalProperties, field),
      };
    }

    return {
      ...about,
      type: schema.type ?? 'object',
      ...(schema.format && { format: schema.format }),
    };
  }

  object(schema: Schema): SwaggerSchema {
    const properties = Object.entries(schema.properties ?? {}).map(([field, value]) => [
      field,
      this.schema(value, field),
    ]);

    return {
      ...(schema.description && { description: schema.description }),
      type: 'object',
      ...(schema.required && { required: schema.required }),
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    };
  }
}

/** Returns the definitions of a CRD's kind, of its list, and of everything in it. */
export function crdDefinitions(crd: KubeObject): [string, SwaggerSchema][] {
  const { group, names, versions } = crd.spec;
  const { name: version, schema } = versions[0];
  const definitions = new Definitions(group, version, names.kind);
  const kind = definitions.object(schema.openAPIV3Schema);
  const properties = { ...kind.properties, metadata: ref(metaName('ObjectMeta')) };
  const name = definitionName(group, version, names.kind);
  const gvk = (suffix: string) => ({
    'x-kubernetes-group-version-kind': [{ group, version, kind: `${names.kind}${suffix}` }],
  });

  const list: SwaggerSchema = {
    description: `A list of ${names.plural}.`,
    ...listSchema(name),
    ...gvk('List'),
  };

  return [[name, { ...kind, properties, ...gvk('') }], [`${name}List`, list], ...definitions.found];
}
