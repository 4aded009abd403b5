import { setMaxListeners } from 'node:events';
import type {
  GroupVersionResource,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { EventRecorder } from '../events/recorder.ts';
import { controllerUid, labelKey } from './keys.ts';
import { Objects } from './objects.ts';
import { selectorKey } from './workloads/claim.ts';

/** Annotation of everything that is only simulated. */
export const SIMULATED = 'simulation.ks-apiserver.io/simulated';

const core = (resource: string): GroupVersionResource => ({ group: '', version: 'v1', resource });

const apps = (resource: string): GroupVersionResource => ({
  group: 'apps',
  version: 'v1',
  resource,
});

const batch = (resource: string): GroupVersionResource => ({
  group: 'batch',
  version: 'v1',
  resource,
});

const controller = { controller: controllerUid };

const label = {
  label: ({ metadata }: PersistedObject) =>
    Object.entries(metadata.labels ?? {}).map(([name, value]) =>
      labelKey(metadata.namespace, name, value),
    ),
};

const selector = { selector: selectorKey };

/** The components of a cluster in whose names events are written. */
export type Component =
  | 'cronjob-controller'
  | 'daemonset-controller'
  | 'default-scheduler'
  | 'deployment-controller'
  | 'job-controller'
  | 'kubelet'
  | 'replicaset-controller'
  | 'replication-controller'
  | 'statefulset-controller';

/** What the simulated controllers share: informers, and recorders of events. */
export class Cluster {
  readonly client: KubeClient;
  readonly pods: Objects;
  readonly nodes: Objects;
  readonly services: Objects;
  readonly endpoints: Objects;
  readonly slices: Objects;
  readonly claims: Objects;
  readonly volumes: Objects;
  readonly deployments: Objects;
  readonly replicaSets: Objects;
  readonly replicationControllers: Objects;
  readonly statefulSets: Objects;
  readonly daemonSets: Objects;
  readonly revisions: Objects;
  readonly jobs: Objects;
  readonly cronJobs: Objects;
  readonly #recorders = new Map<Component, EventRecorder>();
  readonly #onError: (error: unknown) => void;

  constructor(client: KubeClient, onError: (error: unknown) => void) {
    this.client = client;
    this.#onError = onError;

    this.pods = new Objects(client, core('pods'), 'Pod', {
      ...controller,
      node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []),
      ...label,
    });

    this.nodes = new Objects(client, core('nodes'), 'Node');

    this.services = new Objects(client, core('services'), 'Service', {
      // Index of Services by the first label of their selector, and of pods by their labels.
      label: ({ metadata, spec }) => {
        const [first] = Object.entries((spec?.selector ?? {}) as Record<string, string>);
        return first ? [labelKey(metadata.namespace, ...first)] : [];
      },
    });

    this.endpoints = new Objects(client, core('endpoints'), 'Endpoints');

    this.slices = new Objects(
      client,
      { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
      'EndpointSlice',
      controller,
    );

    this.claims = new Objects(client, core('persistentvolumeclaims'), 'PersistentVolumeClaim');

    this.volumes = new Objects(client, core('persistentvolumes'), 'PersistentVolume', {
      claim: ({ spec }) =>
        spec?.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : [],
    });

    this.deployments = new Objects(client, apps('deployments'), 'Deployment', selector);

    this.replicaSets = new Objects(client, apps('replicasets'), 'ReplicaSet', {
      ...controller,
      ...label,
      ...selector,
    });

    this.replicationControllers = new Objects(
      client,
      core('replicationcontrollers'),
      'ReplicationController',
      selector,
    );

    this.statefulSets = new Objects(client, apps('statefulsets'), 'StatefulSet');
    this.daemonSets = new Objects(client, apps('daemonsets'), 'DaemonSet');

    this.revisions = new Objects(
      client,
      apps('controllerrevisions'),
      'ControllerRevision',
      controller,
    );

    this.jobs = new Objects(client, batch('jobs'), 'Job', controller);
    this.cronJobs = new Objects(client, batch('cronjobs'), 'CronJob');
  }

  #all(): Objects[] {
    return Object.values(this).filter((value): value is Objects => value instanceof Objects);
  }

  /** Starts the informers; resolves when all have been read once. */
  async start(signal: AbortSignal): Promise<void> {
    // One listener for each informer.
    setMaxListeners(0, signal);
    await Promise.all(this.#all().map(({ informer }) => informer.start().ready(signal)));
  }

  /** Writes an event about an object, in the name of a component. */
  record(
    component: Component,
    about: KubeObject,
    reason: string,
    message: string,
    type: 'Normal' | 'Warning' = 'Normal',
  ): void {
    let recorder = this.#recorders.get(component);
    if (!recorder) {
      recorder = new EventRecorder(this.client, this.#onError, { component, waiting: 2000 });
      this.#recorders.set(component, recorder);
    }

    recorder.record(about, type, reason, message);
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.#all().map(({ informer }) => informer.stop()),
      ...[...this.#recorders.values()].map((recorder) => recorder.stop()),
    ]);
  }
}
