import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import { Type } from 'typebox';

/** A page of objects of any kind. */
export const PageableResponse = Type.Object(
  {
    items: Type.Array(Type.Unknown(), { description: 'paging data' }),
    total_count: Type.Integer({ description: 'total count', format: 'int32' }),
  },
  { $id: 'models.PageableResponse' },
);

/** Usage of a namespace's quotas. */
export const ResourceQuotaSchema = Type.Object(
  {
    namespace: Type.String({ description: 'namespace' }),
    data: Type.Object(
      {
        hard: Type.Optional(StringMap()),
        used: Type.Optional(StringMap()),
        left: Type.Optional(StringMap()),
      },
      { $id: 'v1.ResourceQuotaStatus', description: 'resource quota status' },
    ),
  },
  { $id: 'api.ResourceQuota' },
);

/** Number of workloads that are not ready. */
export const WorkloadsSchema = Type.Object(
  {
    namespace: Type.String({ description: 'the name of the namespace' }),
    data: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer' },
    }),
  },
  { $id: 'api.Workloads' },
);

/** How a project's router is reached, and annotations of its Service. */
export const RouterSchema = Type.Object(
  { type: Type.Optional(Type.String()), annotations: Type.Optional(StringMap()) },
  { $id: 'v1alpha2.Router' },
);

/** Where a user's kubectl runs. */
export const PodInfoSchema = Type.Object(
  { namespace: Type.String(), pod: Type.String(), container: Type.String() },
  { $id: 'models.PodInfo' },
);

/** A Git repository and the Secret with credentials for it. */
export const GitAuthSchema = Type.Object(
  {
    remoteUrl: Type.String({ description: 'git server url', maxLength: 4096 }),
    secretRef: Type.Optional(
      Type.Object(
        { name: Type.Optional(Type.String()), namespace: Type.Optional(Type.String()) },
        { $id: 'v1.SecretReference', description: 'auth secret reference' },
      ),
    ),
  },
  { $id: 'git.AuthInfo' },
);

/** An account of an image registry. */
export const RegistryCredentialSchema = Type.Object(
  {
    username: Type.String({ description: 'username', maxLength: 1024 }),
    password: Type.String({ description: 'password', maxLength: 16384 }),
    serverhost: Type.String({ description: 'registry server host', minLength: 1, maxLength: 1024 }),
  },
  { $id: 'api.RegistryCredential' },
);

/** Data of an image in a registry. */
export const ImageDetailsSchema = Type.Object(
  {
    status: Type.String({ description: 'succeeded' }),
    imageManifest: Type.Unknown(),
    imageBlob: Type.Unknown(),
    imageTag: Type.String({ description: 'image tag' }),
    registry: Type.String({ description: 'registry domain' }),
  },
  { $id: 'registries.ImageDetails' },
);

/** 3.0's answer to a call without content. */
export const MessageSchema = Type.Object({ message: Type.String() }, { $id: 'errors.Error' });
