import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import { parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import {
  findKubeSphere,
  ProbeError,
  readKubeSphere,
  readObject,
} from '@ks-apiserver/client/kube/probe';
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

/** Returns how many nodes a member has, from a list of one and the number of those left out. */
async function countNodes(config: ClusterConfig): Promise<number> {
  const { items, metadata } = await readObject(config, '/api/v1/nodes?limit=1');
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
async function readUid(config: ClusterConfig): Promise<string | undefined> {
  try {
    const { metadata } = await readObject(config, '/api/v1/namespaces/kube-system');
    const { uid }: { uid?: unknown } = Object(metadata);

    return typeof uid === 'string' && uid !== '' ? uid : undefined;
  } catch (error) {
    if (error instanceof ProbeError) {
      return undefined;
    }
    throw error;
  }
}

/** Asks a member that has a kubeconfig. */
async function askKubernetes(kubeconfig: string, endpoint: string): Promise<MemberState> {
  const config = await parseKubeconfig(Buffer.from(kubeconfig, 'base64').toString(), undefined);
  const [version, nodeCount, configz, hasKubeSphere, uid] = await Promise.all([
    readObject(config, '/version'),
    countNodes(config),
    readKubeSphere(config, endpoint || undefined, CONFIGZ).then(featuresOf, () => undefined),
    endpoint === '' ? findKubeSphere(config) : true,
    readUid(config),
  ]);

  return { kubernetesVersion: versionOf(version), nodeCount, configz, hasKubeSphere, uid };
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
    return askKubernetes(kubeconfig, kubesphereAPIEndpoint);
  }
  if (kubesphereAPIEndpoint !== '') {
    return askKubeSphere(kubesphereAPIEndpoint);
  }

  throw new ProbeError('it has neither a kubeconfig nor an endpoint');
}
