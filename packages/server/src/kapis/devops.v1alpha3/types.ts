import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import { Type } from 'typebox';

const Metadata = Type.Object({
  name: Type.Optional(Type.String()),
  generateName: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  resourceVersion: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap()),
  annotations: Type.Optional(StringMap()),
});

const typeMeta = {
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: Metadata,
};

/** DevOpsProject of devops.kubesphere.io/v1alpha3 as clients send it. */
export const DevOpsProjectSchema = Type.Object(
  {
    ...typeMeta,
    spec: Type.Optional(Type.Object({})),
    status: Type.Optional(
      Type.Object({
        adminNamespace: Type.Optional(
          Type.String({ description: 'namespace with the pipelines and credentials' }),
        ),
      }),
    ),
  },
  { $id: 'v1alpha3.DevOpsProject' },
);

/** Pipeline of devops.kubesphere.io/v1alpha3 as clients send it; its CRD describes the rest. */
export const PipelineSchema = Type.Object(
  {
    ...typeMeta,
    spec: Type.Optional(
      Type.Object({
        type: Type.String({ description: 'pipeline or multi-branch-pipeline' }),
        pipeline: Type.Optional(
          Type.Unsafe<object>({
            type: 'object',
            description: 'a pipeline that holds its Jenkinsfile itself',
          }),
        ),
        multi_branch_pipeline: Type.Optional(
          Type.Unsafe<object>({
            type: 'object',
            description: 'a pipeline for every branch of a repository',
          }),
        ),
      }),
    ),
    status: Type.Optional(Type.Object({})),
  },
  { $id: 'v1alpha3.Pipeline' },
);

/** Secret that is a credential, as clients send it. */
export const CredentialSchema = Type.Object(
  {
    ...typeMeta,
    type: Type.Optional(
      Type.String({
        description:
          'credential.devops.kubesphere.io/ with basic-auth, ssh-auth, secret-text or kubeconfig',
      }),
    ),
    data: Type.Optional(StringMap()),
    stringData: Type.Optional(StringMap()),
  },
  {
    $id: 'v1alpha3.Credential',
    description: 'Secret whose values, but for data.username, can be written and not read',
  },
);
