import type { Duplex } from 'node:stream';
import type { KubeTransport, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { LatestUsage } from '@ks-apiserver/metrics/embedded/latest-usage';
import type { Auditor } from '../models/auditing/auditor.ts';
import type { Gate } from '../models/gate/gate.ts';
import type { SecretStore } from './secrets.ts';

/** Informer stores of what is measured, for its labels. */
export interface MeasuredStores {
  nodes: InformerStore;
  pods: InformerStore;
}

/** The Kubernetes API that the server stands on, embedded or remote. */
export interface Kubernetes {
  client: KubeClient;
  transport: KubeTransport;
  secrets: SecretStore;
  /** Where clients reach the API, and the CA (PEM) of its certificate. */
  endpoint: { server: string; ca?: string };
  /** Set for the embedded API. */
  embedded?: {
    /** Where kubectl reaches it. */
    kubeconfig: string;
    url: string;
    /**
     * Says who decides about users of client certificates; until then they are told to come again.
     */
    admitUsers(admit: (user: UserInfo, connection: Duplex) => void): void;
    /** Puts its secure port behind the gate. */
    useGate(gate: Gate): void;
    /** Records calls at its secure port. */
    useAuditor(auditor: Auditor): void;
    /** Serves metrics.k8s.io from what was measured. */
    serveUsage(usage: LatestUsage, stores: MeasuredStores): Promise<void>;
  };
  close(): Promise<void>;
}
