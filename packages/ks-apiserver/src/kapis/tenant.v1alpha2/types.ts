import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import { Type } from 'typebox';

const Metadata = Type.Object({
  resourceVersion: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap()),
  annotations: Type.Optional(StringMap()),
});

/** WorkspaceTemplate of tenant.kubesphere.io/v1alpha2 as clients send it. */
export const WorkspaceTemplateSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Metadata,
    spec: Type.Optional(
      Type.Object({
        template: Type.Optional(
          Type.Object({
            metadata: Type.Optional(Metadata),
            spec: Type.Optional(
              Type.Object({ manager: Type.Optional(Type.String()), networkIsolation: Type.Optional(Type.Boolean()) }),
            ),
          }),
        ),
        placement: Type.Optional(
          Type.Object({
            clusters: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
            clusterSelector: Type.Optional(Type.Object({ matchLabels: Type.Optional(StringMap()) })),
          }),
        ),
        overrides: Type.Optional(Type.Array(Type.Unknown())),
      }),
    ),
  },
  { $id: 'v1alpha2.WorkspaceTemplate' },
);

/** Namespace of v1 as clients send it. */
export const NamespaceSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Metadata,
    spec: Type.Optional(Type.Unknown()),
  },
  { $id: 'v1.Namespace' },
);

/** The fields that are to change: a merge patch (RFC 7386). */
export const PatchSchema = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

/** 3.0's answer to a write that has nothing else to say. */
export const MessageSchema = Type.Object({ message: Type.String() }, { $id: 'errors.Error' });
