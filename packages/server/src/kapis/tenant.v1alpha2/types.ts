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
              Type.Object({
                manager: Type.Optional(Type.String()),
                networkIsolation: Type.Optional(Type.Boolean()),
              }),
            ),
          }),
        ),
        placement: Type.Optional(
          Type.Object({
            clusters: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
            clusterSelector: Type.Optional(
              Type.Object({ matchLabels: Type.Optional(StringMap()) }),
            ),
          }),
        ),
        overrides: Type.Optional(Type.Array(Type.Unknown())),
      }),
    ),
  },
  { $id: 'v1alpha2.WorkspaceTemplate' },
);

/** Workspace of tenant.kubesphere.io/v1alpha1, which a controller creates from a template. */
export const WorkspaceSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Metadata,
    spec: Type.Optional(
      Type.Object({
        manager: Type.Optional(Type.String()),
        networkIsolation: Type.Optional(Type.Boolean()),
      }),
    ),
  },
  { $id: 'v1alpha1.Workspace' },
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

const Quantities = Type.Optional(Type.Unsafe<Record<string, string | number>>({ type: 'object' }));

/**
 * ResourceQuota of quota.kubesphere.io/v1alpha2 as clients send it; the server sets label and
 * selector.
 */
export const ResourceQuotaSchema = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: Metadata,
    spec: Type.Object({
      selector: Type.Optional(StringMap()),
      quota: Type.Object({ hard: Quantities, scopes: Type.Optional(Type.Array(Type.String())) }),
    }),
  },
  { $id: 'v1alpha2.ResourceQuota' },
);

/** The fields that are to change: a merge patch (RFC 7386). */
export const PatchSchema = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

/** 3.0's answer to a write without content. */
export const MessageSchema = Type.Object({ message: Type.String() }, { $id: 'errors.Error' });
