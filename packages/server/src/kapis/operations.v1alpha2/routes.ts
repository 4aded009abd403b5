import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Parameter, Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import type { Gate } from '../../models/gate/gate.ts';
import { pathParameter } from '../parameters.ts';
import { runJobOperation } from './jobs.ts';

const BASE = '/kapis/operations.kubesphere.io/v1alpha2';
const MessageSchema = Type.Object({ message: Type.String() }, { $id: 'errors.Error' });

const queryText = (name: string, description: string): Parameter => ({
  in: 'query',
  name,
  description,
  schema: Type.String(),
});

/** operations.kubesphere.io/v1alpha2: operations on workloads other than changes. */
export function operationsV1alpha2(gate: Gate, client: KubeReader): Route[] {
  return [
    {
      method: 'POST',
      path: `${BASE}/namespaces/{namespace}/jobs/{job}`,
      operationId: 'handleJobReRun',
      summary: 'Run a job again, whether it has ended or not',
      tags: [],
      parameters: [
        pathParameter('namespace', 'the name of the project'),
        pathParameter('job', 'job name'),
        queryText('action', 'rerun'),
        queryText('resourceVersion', 'version of the job that was seen'),
      ],
      returns: MessageSchema,
      errors: 'message',
      handler: runJobOperation(gate, client),
    },
  ];
}
