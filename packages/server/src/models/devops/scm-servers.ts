import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { CallerOfJenkins, JenkinsCalls } from './jenkins-calls.ts';
import { type PathNames, scmPath } from './jenkins-paths.ts';

interface ScmServer {
  apiUrl?: unknown;
}

function apiUrlOf(body: Uint8Array): unknown {
  try {
    const server: unknown = JSON.parse(Buffer.from(body).toString());
    return (server as ScmServer | null)?.apiUrl;
  } catch (error) {
    // 500 as in 3.0.
    throw internalError('the body is no JSON: send {"name", "apiUrl"}', error);
  }
}

/** Returns the server that has the URL of a body, and creates it where there is none. */
export async function ensureScmServer(
  jenkins: JenkinsCalls,
  caller: CallerOfJenkins,
  names: PathNames,
  body: Uint8Array,
): Promise<unknown> {
  const path = `${scmPath(names)}/servers/`;
  const apiUrl = apiUrlOf(body);
  const servers = await jenkins.json(caller, { method: 'GET', path });

  const found =
    Array.isArray(servers) && typeof apiUrl === 'string'
      ? servers.find((server: ScmServer | null) => server?.apiUrl === apiUrl)
      : undefined;

  return found ?? jenkins.json(caller, { method: 'POST', path, body });
}
