import type { AgentTunnel } from '@ks-apiserver/client/kube/agent-tunnel';
import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import { parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import {
  findKubeSphere,
  ProbeError,
  readKubeSphere,
  readObject,
} from '@ks-apiserver/client/kube/probe';
import type { RemoteOptions } from '@ks-apiserver/client/kube/remote';
import type { ClusterConnection } from './cluster-object.ts';

/** What a member tells of itself. */
export interface MemberState {
  kubernetesVersion: string;
  nodeCount: number;
  /** Features of its KubeSphere; undefined for a member without one. */
  configz: Record<string, boolean> | undefined;
  /** Whether a KubeSphere is installed in it; undefined where that was not found out. */
  hasKubeSphere: boolean | undefined;
  /** Uid of its namespace kube-system, which no two clusters have in common, if it can be read. */
  uid?: string | undefined;
}

const CONFIGZ = '/kapis/config.kubesphere.io/v1alpha2/configs/configz';

function versionOf(version: Record<string, unknown>): string {
  return typeof version.gitVersion === 'string' ? version.gitVersion : '';
}

/** A member's Kubernetes API, and how it is called. */
interface KubernetesApi {
  config: ClusterConfig;
  options?: RemoteOptions;
}

/** Returns how many nodes a member has, from a list of one and the number of those left out. */
async function countNodes({ config, options }: KubernetesApi): Promise<number> {
  const { items, metadata } = await readObject(config, '/api/v1/nodes?limit=1', options);
  const { remainingItemCount = 0 }: { remainingItemCount?: number } = Object(metadata);

  return (Array.isArray(items) ? items.length : 0) + Number(remainingItemCount);
}

/** Returns the features that a configz names; what is no truth value is left out. */
function featuresOf(configz: Record<string, unknown>): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(configz).filter(
      (entry): entry is [string, boolean] => typeof entry[1] === 'boolean',
    ),
  );
}

/** Returns the uid of the namespace kube-system; undefined where that cannot be read. */
async function readUid({ config, options }: KubernetesApi): Promise<string | undefined> {
  try {
    const { metadata } = await readObject(config, '/api/v1/namespaces/kube-system', options);
    const { uid }: { uid?: unknown } = Object(metadata);

    return typeof uid === 'string' && uid !== '' ? uid : undefined;
  } catch (error) {
    if (error instanceof ProbeError) {
      return undefined;
    }
    throw error;
  }
}

/** Asks a member whose Kubernetes API can be called; '' where its KubeSphere is behind that. */
async function askKubernetes(api: KubernetesApi, endpoint: string): Promise<MemberState> {
  const { config, options } = api;
  const [version, nodeCount, configz, hasKubeSphere, uid] = await Promise.all([
    readObject(config, '/version', options),
    countNodes(api),
    readKubeSphere(config, endpoint, CONFIGZ, options).then(featuresOf, () => undefined),
    endpoint === '' ? findKubeSphere(config, options) : true,
    readUid(api),
  ]);

  return { kubernetesVersion: versionOf(version), nodeCount, configz, hasKubeSphere, uid };
}

/** Asks a member through its agent, which may name a KubeSphere that there is not. */
export async function stateThroughAgent(tunnel: AgentTunnel): Promise<MemberState> {
  const { kubernetes: config, dial, bearerToken, kubesphere } = tunnel;
  const api = { config, options: { dial, bearerToken } };
  const state = await askKubernetes(api, kubesphere);

  return state.configz
    ? state
    : { ...state, hasKubeSphere: await findKubeSphere(config, api.options) };
}

/** Asks a member of which only its KubeSphere API is known. */
async function askKubeSphere(endpoint: string): Promise<MemberState> {
  const config = { server: endpoint };
  const [version, configz] = await Promise.all([
    readKubeSphere(config, endpoint, '/kapis/version'),
    readKubeSphere(config, endpoint, CONFIGZ),
  ]);
  const { kubernetes }: { kubernetes?: Record<string, unknown> } = Object(version);

  return {
    kubernetesVersion: versionOf(kubernetes ?? {}),
    nodeCount: 0,
    configz: featuresOf(configz),
    hasKubeSphere: true,
  };
}

/** Asks a member how it is. Rejects with a ProbeError or a KubeconfigError. */
export async function memberState({
  kubeconfig = '',
  kubesphereAPIEndpoint = '',
}: ClusterConnection): Promise<MemberState> {
  if (kubeconfig !== '') {
    const text = Buffer.from(kubeconfig, 'base64').toString();
    const config = await parseKubeconfig(text, undefined);

    return askKubernetes({ config }, kubesphereAPIEndpoint);
  }
  if (kubesphereAPIEndpoint !== '') {
    return askKubeSphere(kubesphereAPIEndpoint);
  }

  throw new ProbeError('it has neither a kubeconfig nor an endpoint');
}
