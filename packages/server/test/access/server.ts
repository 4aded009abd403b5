import { EVERYBODY, PLATFORM, type Table } from './row.ts';

/** Rows of the server itself: its version, configuration and health. */
export const SERVER: Table = {
  'GET /kapis/version': [{ allowed: EVERYBODY }],
  'GET /kapis/config.kubesphere.io/v1alpha2/configs/configz': [{ allowed: EVERYBODY }],
  'GET /kapis/config.kubesphere.io/v1alpha2/configs/oauth': [{ allowed: EVERYBODY }],
  'GET /kapis/config.kubesphere.io/v1alpha2/configs/gpu/kinds': [{ allowed: EVERYBODY }],
  'GET /healthz': [{ allowed: EVERYBODY }],
  'GET /livez': [{ allowed: EVERYBODY }],
  'GET /readyz': [{ allowed: EVERYBODY }],
  'POST /kapis/cluster.kubesphere.io/v1alpha1/clusters/validation': [{ allowed: PLATFORM }],
  'GET /kapis/cluster.kubesphere.io/v1alpha1/clusters/{cluster}/agent/deployment': [
    { allowed: PLATFORM },
  ],
  'PUT /kapis/cluster.kubesphere.io/v1alpha1/clusters/{cluster}/kubeconfig': [
    { allowed: PLATFORM },
  ],
  'GET /docs': [{ allowed: EVERYBODY }],
  'GET /docs/openapi.json': [{ allowed: EVERYBODY }],
  'GET /docs/swagger-ui.css': [{ allowed: EVERYBODY }],
  'GET /docs/swagger-ui-bundle.js': [{ allowed: EVERYBODY }],
  'GET /docs/docs.css': [{ allowed: EVERYBODY }],
  'GET /docs/docs.js': [{ allowed: EVERYBODY }],
  'GET /metrics': [{ allowed: PLATFORM }],
};
