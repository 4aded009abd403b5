import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Handler, UpgradeHandler } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { execCall, requireExec } from '../../models/terminal/access.ts';
import { CLOSE } from '../../models/terminal/close.ts';
import type { Terminals } from '../../models/terminal/terminals.ts';

/** What the handlers work with. */
export interface TerminalDependencies {
  client: KubeReader;
  authorizer: Authorizer;
  terminals: Terminals;
}

/** Answers a call without an upgrade, in the words of 3.0. */
export function refuseWithoutUpgrade(dependencies: TerminalDependencies): Handler {
  return async ({ params: { namespace = '', pod = '' }, user }) => {
    await requireExec(dependencies, user, namespace, pod);
    throw badRequest('Bad Request');
  };
}

/** Opens a terminal; it ends with the session of its user, and with any right that it needs. */
export function openTerminal(dependencies: TerminalDependencies): UpgradeHandler {
  return async ({
    incoming,
    params: { namespace = '', pod = '' },
    query,
    socket,
    head,
    follow,
  }) => {
    const { req, user, info } = incoming;
    if (req.headers['sec-websocket-key'] === undefined) {
      throw badRequest('only WebSocket upgrades are served');
    }

    await requireExec(dependencies, user, namespace, pod);

    const target = {
      user: user.name,
      namespace,
      pod,
      container: query.get('container') ?? '',
      shell: query.get('shell') ?? '',
    };

    dependencies.terminals.open(target, { req, socket, head }, (session) => {
      follow([info, execCall(namespace, pod)], (why) => {
        if (why === 'stopping') {
          session.end(CLOSE.goingAway, 'the server stops: connect again');
        } else if (why === 'session') {
          session.end(CLOSE.policy, 'your log-in session has ended: log in again');
        } else {
          session.end(CLOSE.policy, `you may not run commands in pods of ${namespace} any more`);
        }
      });
    });
  };
}
