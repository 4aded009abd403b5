import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import { Type } from 'typebox';

const Metadata = Type.Object({
  name: Type.Optional(Type.String()),
  generateName: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap()),
  annotations: Type.Optional(StringMap()),
});

/** User of iam.kubesphere.io/v1alpha2 as clients send it. */
export const UserSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Metadata,
    spec: Type.Object({
      email: Type.Optional(Type.String()),
      lang: Type.Optional(Type.String()),
      description: Type.Optional(Type.String()),
      displayName: Type.Optional(Type.String()),
      groups: Type.Optional(Type.Array(Type.String())),
      password: Type.Optional(Type.String()),
    }),
  },
  { $id: 'v1alpha2.User' },
);

/** Members to be added, with the role of each. */
export const MembersSchema = Type.Array(
  Type.Object(
    { username: Type.String({ minLength: 1, maxLength: 253 }), roleRef: Type.String({ minLength: 1, maxLength: 253 }) },
    { $id: 'v1alpha2.Member' },
  ),
  { maxItems: 1000 },
);
