import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { parsePagedQuery } from '../../models/devops/objects/paged-query.ts';
import { requireName } from '../../models/iam/errors.ts';
import { pageReply, SUCCESS } from '../page-reply.ts';
import { guarded } from '../tenant.v1alpha2/errors.ts';
import type { DevOpsV1alpha3Dependencies } from './dependencies.ts';

/** Handlers of the pipelines of a DevOps project, one for each operation. */
export function pipelineHandlers({
  catalog,
  pipelines,
}: DevOpsV1alpha3Dependencies): Record<'list' | 'get' | 'create' | 'update' | 'delete', Handler> {
  return {
    list: guarded(async ({ params, query, signal }) =>
      pageReply(
        await pipelines.list(params.devops ?? '', parsePagedQuery(query), signal),
        catalog.definition('pipelines'),
        catalog,
      ),
    ),

    get: guarded(({ params }) => pipelines.get(params.devops ?? '', params.pipeline ?? '')),

    create: guarded(({ params, body, user, dryRun }) =>
      pipelines.create(user, params.devops ?? '', body as KubeObject, { dryRun }),
    ),

    update: guarded(({ params, body, user, dryRun }) => {
      const given = body as KubeObject;
      requireName(given, params.pipeline ?? '');

      return pipelines.update(user, params.devops ?? '', given, { dryRun });
    }),

    delete: guarded(async ({ params, user, dryRun }) => {
      await pipelines.delete(user, params.devops ?? '', params.pipeline ?? '', { dryRun });
      return SUCCESS;
    }),
  };
}
