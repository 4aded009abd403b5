import type { Route } from '@ks-apiserver/http/routes/route';
import { pathParameter, queryText } from '../parameters.ts';
import { openTerminal, refuseWithoutUpgrade, type TerminalDependencies } from './terminal.ts';

const BASE = '/kapis/terminal.kubesphere.io/v1alpha2';

/** terminal.kubesphere.io/v1alpha2: shells in containers, over WebSocket. */
export function terminalV1alpha2(dependencies: TerminalDependencies): Route[] {
  return [
    {
      method: 'GET',
      path: `${BASE}/namespaces/{namespace}/pods/{pod}`,
      operationId: 'handleTerminalSession',
      summary: 'Open a shell in a container, over WebSocket',
      tags: ['Terminal'],
      parameters: [
        pathParameter('namespace', 'namespace of the pod'),
        pathParameter('pod', 'name of the pod'),
        queryText('container', 'name of the container; the only one where it is left out'),
        queryText('shell', 'sh or bash; without, sh where there is one, else bash'),
      ],
      handler: refuseWithoutUpgrade(dependencies),
      upgrade: openTerminal(dependencies),
    },
  ];
}
