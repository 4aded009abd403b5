import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { requireName } from '../../models/iam/errors.ts';
import { parseListQuery } from '../../models/resources/query/query.ts';
import { pageReply, SUCCESS } from '../page-reply.ts';
import { guarded } from '../tenant.v1alpha2/errors.ts';
import type { DevOpsV1alpha3Dependencies } from './dependencies.ts';

/** Handlers of the credentials of a DevOps project, one for each operation. */
export function credentialHandlers({
  catalog,
  credentials,
}: DevOpsV1alpha3Dependencies): Record<'list' | 'get' | 'create' | 'update' | 'delete', Handler> {
  return {
    list: guarded(async ({ params, query, signal }) =>
      pageReply(
        await credentials.list(params.devops ?? '', parseListQuery(query), signal),
        catalog.definition('secrets'),
        catalog,
      ),
    ),

    get: guarded(({ params }) => credentials.get(params.devops ?? '', params.credential ?? '')),

    create: guarded(({ params, body, user, dryRun }) =>
      credentials.create(user, params.devops ?? '', body as KubeObject, { dryRun }),
    ),

    update: guarded(({ params, body, user, dryRun }) => {
      const given = body as KubeObject;
      requireName(given, params.credential ?? '');

      return credentials.update(user, params.devops ?? '', given, { dryRun });
    }),

    delete: guarded(async ({ params, user, dryRun }) => {
      await credentials.delete(user, params.devops ?? '', params.credential ?? '', { dryRun });
      return SUCCESS;
    }),
  };
}
