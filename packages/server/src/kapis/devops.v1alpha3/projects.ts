import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { parsePagedQuery } from '../../models/devops/objects/paged-query.ts';
import { requireName } from '../../models/iam/errors.ts';
import { objectReply, pageReply, SUCCESS } from '../page-reply.ts';
import { guarded } from '../tenant.v1alpha2/errors.ts';
import type { DevOpsV1alpha3Dependencies } from './dependencies.ts';

/** Handlers of the DevOps projects of a workspace, one for each operation. */
export function projectHandlers({
  catalog,
  projects,
}: DevOpsV1alpha3Dependencies): Record<'list' | 'get' | 'create' | 'update' | 'delete', Handler> {
  const definition = () => catalog.definition('devopsprojects');

  return {
    list: guarded(async ({ params, query }) =>
      pageReply(
        await projects.list(params.workspace ?? '', parsePagedQuery(query)),
        definition(),
        catalog,
      ),
    ),

    get: guarded(({ params }) =>
      objectReply(projects.get(params.workspace ?? '', params.devops ?? ''), definition(), catalog),
    ),

    create: guarded(({ params, body, user, dryRun }) =>
      projects.create(user, params.workspace ?? '', body as KubeObject, { dryRun }),
    ),

    update: guarded(({ params, body, user, dryRun }) => {
      const given = body as KubeObject;
      requireName(given, params.devops ?? '');

      return projects.update(user, params.workspace ?? '', given, { dryRun });
    }),

    delete: guarded(async ({ params, user, dryRun }) => {
      await projects.delete(user, params.workspace ?? '', params.devops ?? '', { dryRun });
      return SUCCESS;
    }),
  };
}
