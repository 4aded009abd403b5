import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';

const TIMEOUT_MS = 10_000;

/** Longest answer that is read, in bytes. */
const LIMIT = 256 * 1024;

/** Where a member's own ks-apiserver is, seen from its Kubernetes API. */
const THROUGH_KUBERNETES =
  '/api/v1/namespaces/kubesphere-system/services/:ks-apiserver:/proxy/kapis/version';

/** Why a cluster cannot be used, in words that quote nothing of what it answered. */
export class ProbeError extends Error {}

/**
 * Reads one JSON object of a cluster: in ten seconds, no redirect followed, TLS verified as the
 * kubeconfig says. Throws a ProbeError.
 */
async function read(config: ClusterConfig, url: string): Promise<Record<string, unknown>> {
  // As clients of Kubernetes do: no credentials go over a connection that is not encrypted.
  const transport = new RemoteTransport(
    config.server.startsWith('https:') ? config : { server: config.server },
  );

  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const headers = { accept: 'application/json, */*' };
    const { status, body } = await transport.request({ method: 'GET', url, headers, signal });
    if (status !== 200) {
      throw new ProbeError(`it answered ${status}`);
    }

    const parsed: unknown = JSON.parse((await readBody(body, LIMIT)).toString());
    if (typeof parsed !== 'object' || parsed === null) {
      throw new ProbeError('it answered with no JSON object');
    }

    return parsed as Record<string, unknown>;
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

/** Finds out whether a cluster's Kubernetes API answers. Throws a ProbeError. */
export async function probeKubernetes(config: ClusterConfig): Promise<void> {
  await read(config, '/version?timeout=10s');
}

/**
 * Finds out whether a member's KubeSphere API answers, at its own endpoint or through its
 * Kubernetes API. Throws a ProbeError.
 */
export async function probeKubeSphere(
  config: ClusterConfig,
  endpoint: string | undefined,
): Promise<void> {
  if (!endpoint) {
    return void (await read(config, THROUGH_KUBERNETES));
  }
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new ProbeError('the endpoint is no http or https URL');
  }

  // Without the credentials of the kubeconfig: those are for its Kubernetes API alone.
  await read({ server: endpoint.replace(/\/+$/, '') }, '/kapis/version');
}

/** The uid of the namespace kube-system: the identity of a cluster. Throws a ProbeError. */
export async function clusterUid(config: ClusterConfig): Promise<string> {
  const { metadata } = await read(config, '/api/v1/namespaces/kube-system');
  const uid = (metadata as { uid?: unknown } | undefined)?.uid;
  if (typeof uid !== 'string') {
    throw new ProbeError('its namespace kube-system has no uid');
  }

  return uid;
}
