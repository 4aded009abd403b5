import type { Route } from '@ks-apiserver/http/routes/route';
import { routesOf } from '../../route-table.ts';
import { auditHandler } from './auditing.ts';
import type { SearchDependencies } from './dependencies.ts';
import { eventHandler } from './events.ts';
import { logHandler } from './logs.ts';
import { AUDIT_PARAMETERS, EVENT_PARAMETERS, LOG_PARAMETERS } from './parameters.ts';
import { EventAnswerSchema, LogAnswerSchema } from './types.ts';

const BASE = '/kapis/tenant.kubesphere.io/v1alpha2';

/** Searches of logs, events and audit records, in what the caller may read of them. */
export function tenantSearches(dependencies: SearchDependencies): Route[] {
  const events = { returns: EventAnswerSchema };

  return [
    ...routesOf(
      BASE,
      ['Log Query'],
      [
        [
          'GET',
          '/logs',
          'QueryLogs',
          'Search, count or export lines of logs',
          logHandler(dependencies),
          { returns: LogAnswerSchema, parameters: LOG_PARAMETERS },
        ],
      ],
    ),
    ...routesOf(
      BASE,
      ['Events Query'],
      [
        [
          'GET',
          '/events',
          'Events',
          'Search or count events',
          eventHandler(dependencies),
          { ...events, parameters: EVENT_PARAMETERS },
        ],
      ],
    ),
    ...routesOf(
      BASE,
      ['Auditing Query'],
      [
        [
          'GET',
          '/auditing/events',
          'Auditing',
          'Search or count audit records',
          auditHandler(dependencies),
          {
            ...events,
            parameters: AUDIT_PARAMETERS,
            produces: ['application/json', 'text/plain'],
          },
        ],
      ],
    ),
  ];
}
