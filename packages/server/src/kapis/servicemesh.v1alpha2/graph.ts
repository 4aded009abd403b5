import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { denial } from '../../models/authorization/denial.ts';
import type { MeshGraph } from '../../models/service-mesh/graph/mesh-graph.ts';

/** Path of the group; graphs of namespaces are below. */
export const BASE = '/kapis/servicemesh.kubesphere.io/v1alpha2';

/** Namespaces of which one graph may be drawn: each is asked for on its own. */
const MAX_NAMESPACES = 100;

/** Returns the names of a list, in their order. Throws BadRequest for too many. */
function namesOf(query: URLSearchParams): string[] {
  // As in 3.0, the singular wins.
  const text = query.get('namespace') || query.get('namespaces') || '';
  const names = text === '' ? [] : text.split(',').map((name) => name.trim());

  if (names.length > MAX_NAMESPACES) {
    throw badRequest(`More than ${MAX_NAMESPACES} namespaces: ask for fewer.`);
  }

  return names;
}

/** Handlers of graphs. */
export function graphHandlers(graph: MeshGraph, authorizer: Authorizer) {
  const ofNamespace: Handler = ({ params, query, signal }) =>
    graph.draw({ namespaces: [params.namespace ?? ''], query, signal });

  /** Whether a caller may read the graph of a namespace by itself. */
  async function mayRead({ user }: RouteRequest, namespace: string): Promise<boolean> {
    if (namespace === '') {
      // There is no such namespace, for anybody.
      return true;
    }

    const path = `${BASE}/namespaces/${encodeURIComponent(namespace)}/graph`;

    try {
      return await authorizer.permits(user, parseRequestInfo('GET', path));
    } catch (error) {
      // A name that no path can hold.
      if (error instanceof StatusError && error.code === 400) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Draws the graph of several namespaces, each of which the caller may read: the call itself names
   * none of them where authorization looks.
   */
  const ofNamespaces: Handler = async (request) => {
    const { query, signal, user, info } = request;
    const namespaces = namesOf(query);
    const allowed = await Promise.all(namespaces.map((name) => mayRead(request, name)));
    const refused = namespaces.filter((_name, index) => !allowed[index]);

    if (namespaces.length > 0 && refused.length === namespaces.length) {
      const body = `${JSON.stringify(denial(user, info, '').status())}\n`;
      return new RouteReply(403, { 'content-type': 'application/json' }, body);
    }

    const [first] = refused;
    if (first !== undefined) {
      throw new StatusError(403, 'Forbidden', `Requested namespace [${first}] is not accessible.`);
    }

    return graph.draw({ namespaces, query, signal });
  };

  return { ofNamespace, ofNamespaces };
}
