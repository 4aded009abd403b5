import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import type { ClusterConfig } from './kubeconfig.ts';
import { type RemoteOptions, RemoteTransport } from './remote.ts';

const TIMEOUT_MS = 10_000;

/** Longest answer, in bytes. */
const LIMIT = 256 * 1024;

/** The Service in front of a cluster's KubeSphere API. */
const SERVICE = '/api/v1/namespaces/kubesphere-system/services/ks-apiserver';

/** Path of a cluster's own KubeSphere API, through its Kubernetes API. */
export const KUBESPHERE_SERVICE =
  '/api/v1/namespaces/kubesphere-system/services/:ks-apiserver:/proxy';

/** Why a cluster cannot be used; quotes nothing of its answer. */
export class ProbeError extends Error {
  /** Status of the answer; undefined where there was none, or none that can be used. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a JSON object from a cluster: within ten seconds, without following redirects, TLS verified
 * as the kubeconfig says. Throws a ProbeError.
 */
export async function readObject(
  config: ClusterConfig,
  url: string,
  options: RemoteOptions = {},
): Promise<Record<string, unknown>> {
  // As in Kubernetes' clients, credentials are not sent over unencrypted connections.
  const { dial } = options;
  const transport = config.server.startsWith('https:')
    ? new RemoteTransport(config, options)
    : new RemoteTransport({ server: config.server }, dial && { dial });

  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { accept: 'application/json, */*' };
    const { status, body } = await transport.request({ method: 'GET', url, headers, signal });
    if (status !== 200) {
      throw new ProbeError(`it answered ${status}`, status);
    }

    const parsed: unknown = JSON.parse((await readBody(body, LIMIT)).toString());
    if (typeof parsed !== 'object' || parsed === null) {
      throw new ProbeError('it answered with no JSON object');
    }

    return { ...parsed };
  } catch (error) {
    if (error instanceof ProbeError) {
      throw error;
    }
    if (error instanceof SyntaxError) {
      throw new ProbeError('it answered with no JSON');
    }

    throw new ProbeError(
      error instanceof StatusError ? 'it cannot be reached' : 'it did not answer in time',
    );
  } finally {
    await transport.close();
  }
}

/**
 * Reads a JSON object from a member's KubeSphere API, at an endpoint of its own or through its
 * Kubernetes API. Throws a ProbeError.
 */
export async function readKubeSphere(
  config: ClusterConfig,
  endpoint: string | undefined,
  path: string,
  options: RemoteOptions = {},
): Promise<Record<string, unknown>> {
  if (!endpoint) {
    return readObject(config, KUBESPHERE_SERVICE + path, options);
  }
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new ProbeError('the endpoint is no http or https URL');
  }

  // The credentials of the kubeconfig are only for its Kubernetes API.
  const { dial } = options;
  return readObject({ server: endpoint.replace(/\/+$/, '') }, path, dial && { dial });
}

/**
 * Returns whether a cluster has the Service of a KubeSphere; undefined where its Kubernetes API does
 * not tell.
 */
export async function findKubeSphere(
  config: ClusterConfig,
  options: RemoteOptions = {},
): Promise<boolean | undefined> {
  try {
    await readObject(config, SERVICE, options);
    return true;
  } catch (error) {
    return error instanceof ProbeError && error.status === 404 ? false : undefined;
  }
}
