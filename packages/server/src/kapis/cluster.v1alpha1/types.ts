import { Type } from 'typebox';

/** Cluster of cluster.kubesphere.io/v1alpha1 that is to be checked. */
export const ClusterSchema = Type.Object(
  {
    metadata: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })),
    spec: Type.Optional(
      Type.Object({
        connection: Type.Optional(
          Type.Object({
            type: Type.Optional(Type.String()),
            kubeconfig: Type.Optional(Type.String({ description: 'kubeconfig in base64' })),
            kubesphereAPIEndpoint: Type.Optional(Type.String()),
          }),
        ),
      }),
    ),
  },
  { $id: 'v1alpha1.Cluster' },
);

/** Another kubeconfig for a cluster. */
export const KubeconfigSchema = Type.Object(
  { kubeconfig: Type.String({ description: 'kubeconfig in base64' }) },
  { $id: 'v1alpha1.UpdateClusterRequest' },
);
