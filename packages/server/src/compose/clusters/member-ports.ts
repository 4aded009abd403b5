import { isIP } from 'node:net';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { AgentTunnel, AgentTunnels } from '@ks-apiserver/client/kube/agent-tunnel';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { issueCertificate, type KeyPair } from '@ks-apiserver/kubernetes/server/certificates';
import type { Logger } from 'pino';
import type { SecretStore } from '../../backend/secrets.ts';
import { MemberPort, type MemberPortTls } from '../../proxy/member-port.ts';

const CA_KEY = 'member-ports-ca';
const CA_DAYS = 3650;
const SERVER_DAYS = 365;
const CLIENT_DAYS = 3650;

/** A port that is taken is tried again after this time, in milliseconds. */
const RETRY_MS = 10_000;

/** What ports of members are served with; `clusters` are Clusters with their credentials. */
export interface MemberPortsContext {
  bindAddress: string;
  clusters: Informer;
  tunnels: AgentTunnels;
  secrets: SecretStore;
  log: Logger;
}

interface Ports {
  kubernetes: number;
  kubesphere: number;
  /** Host in the addresses of the Cluster. */
  host: string;
}

interface Served {
  /** What the ports were opened for, as text. */
  source: string;
  ports: MemberPort[];
}

/** Returns the authority of all ports, which is kept with the secrets of this server. */
async function authority(secrets: SecretStore): Promise<KeyPair> {
  const kept = await secrets.read(CA_KEY);
  if (kept !== undefined) {
    return JSON.parse(kept) as KeyPair;
  }

  const made = await issueCertificate({
    commonName: 'ks-apiserver member ports',
    usage: 'ca',
    days: CA_DAYS,
  });

  return JSON.parse(await secrets.keep(CA_KEY, JSON.stringify(made))) as KeyPair;
}

/** Serves the APIs of members at two ports each while their agents are connected. */
export class MemberPorts {
  readonly #context: MemberPortsContext;
  readonly #authority: KeyPair;
  readonly #served = new Map<string, Served>();
  readonly #unsubscribe: (() => void)[];
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(context: MemberPortsContext, ca: KeyPair) {
    this.#context = context;
    this.#authority = ca;
    this.#unsubscribe = [
      context.tunnels.onChange((cluster) => this.#changed(cluster)),
      context.clusters.store.onChange(({ entry }) => this.#changed(entry.name)),
    ];
  }

  /** Reads or makes the authority, and begins to follow members. */
  static async open(context: MemberPortsContext): Promise<MemberPorts> {
    return new MemberPorts(context, await authority(context.secrets));
  }

  /** Returns a kubeconfig (base64) with which others reach a member at the address given. */
  async kubeconfigFor(cluster: string, server: string): Promise<string> {
    const { cert, key } = await issueCertificate({
      commonName: 'kubernetes-admin',
      organization: 'system:masters',
      usage: 'client',
      days: CLIENT_DAYS,
      issuer: this.#authority,
    });

    const data = (pem: string) => Buffer.from(pem).toString('base64');
    const ca = data(this.#authority.cert);

    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': cluster,
      clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': ca } }],
      users: [
        {
          name: 'kubernetes-admin',
          user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) },
        },
      ],
      contexts: [{ name: cluster, context: { cluster, user: 'kubernetes-admin' } }],
    };

    return Buffer.from(JSON.stringify(config)).toString('base64');
  }

  /** Ends all ports. */
  async close(): Promise<void> {
    this.#isClosed = true;

    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }

    await this.#work;

    for (const cluster of [...this.#served.keys()]) {
      await this.#end(cluster);
    }
  }

  /** One change after the other: a port must be free before it is opened again. */
  #changed(cluster: string): void {
    this.#work = this.#work
      .then(() => this.#reconcile(cluster))
      .catch((err) => {
        this.#context.log.error({ err, cluster }, 'the ports of a member cannot be opened');

        if (!this.#isClosed) {
          setTimeout(() => this.#changed(cluster), RETRY_MS).unref();
        }
      });
  }

  #portsOf(cluster: string): Ports | undefined {
    const entry = this.#context.clusters.store.get(cluster);
    const { connection } = (entry && objectOf(entry).spec) ?? {};
    const {
      type,
      kubernetesAPIServerPort: kubernetes,
      kubesphereAPIServerPort: kubesphere,
      kubernetesAPIEndpoint: endpoint = '',
    } = connection ?? {};

    if (type !== 'proxy' || !kubernetes || !kubesphere || !URL.canParse(endpoint)) {
      return undefined;
    }

    return { kubernetes, kubesphere, host: new URL(endpoint).hostname.replace(/^\[|\]$/g, '') };
  }

  async #reconcile(cluster: string): Promise<void> {
    const tunnel = this.#context.tunnels.find(cluster);
    const ports = this.#portsOf(cluster);
    const wanted =
      tunnel && ports && !this.#isClosed
        ? JSON.stringify([ports, tunnel.kubernetes, tunnel.kubesphere])
        : undefined;

    if (this.#served.get(cluster)?.source === wanted) {
      return;
    }

    await this.#end(cluster);

    if (tunnel && ports && wanted !== undefined) {
      await this.#begin(cluster, { source: wanted, ports: [] }, { tunnel, ports });
    }
  }

  async #begin(
    cluster: string,
    served: Served,
    { tunnel, ports }: { tunnel: AgentTunnel; ports: Ports },
  ): Promise<void> {
    const { dial, bearerToken, kubernetes, kubesphere } = tunnel;
    const host = this.#context.bindAddress;
    this.#served.set(cluster, served);

    try {
      served.ports.push(
        await MemberPort.listen({
          host,
          port: ports.kubernetes,
          tls: await this.#tlsFor(cluster, ports.host),
          transport: new RemoteTransport(kubernetes, { dial, bearerToken }),
        }),
      );

      served.ports.push(
        await MemberPort.listen({
          host,
          port: ports.kubesphere,
          transport: new RemoteTransport(
            { server: kubesphere },
            { dial, sendsCredentialsOfRequests: true },
          ),
        }),
      );
    } catch (error) {
      await this.#end(cluster);
      throw error;
    }
  }

  async #tlsFor(cluster: string, host: string): Promise<MemberPortTls> {
    const isAddress = isIP(host) !== 0;
    const { cert, key } = await issueCertificate({
      commonName: `mc-${cluster}`,
      usage: 'server',
      days: SERVER_DAYS,
      issuer: this.#authority,
      dnsNames: [`mc-${cluster}.kubesphere-system.svc`, ...(isAddress ? [] : [host])],
      ...(isAddress && { ipAddresses: [host] }),
    });

    return { cert, key, clientCa: this.#authority.cert };
  }

  async #end(cluster: string): Promise<void> {
    const { ports = [] } = this.#served.get(cluster) ?? {};
    this.#served.delete(cluster);

    await Promise.all(ports.map((port) => port.close()));
  }
}
