import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** One run of a container, as its pod's status tells of it (core/v1 ContainerStatus). */
export interface ContainerInstance {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly image: string;
  /** The pod's uid and the container's name: the same for all runs. */
  readonly key: string;
  /** Id of the run, without the name of its runtime. */
  readonly id: string;
  readonly isRunning: boolean;
  /** Id of the run before; undefined for the first. */
  readonly previousId: string | undefined;
}

interface ContainerRun {
  containerID?: string;
}

interface ContainerState {
  running?: object;
  terminated?: ContainerRun;
}

interface ContainerStatus {
  name: string;
  image?: string;
  containerID?: string;
  state?: ContainerState;
  lastState?: ContainerState;
}

/** Returns the id in `containerd://0a1b…`; undefined for none. */
function idOf(containerID: string | undefined): string | undefined {
  return containerID?.replace(/^[a-z0-9-]+:\/\//, '') || undefined;
}

/**
 * Returns the runs whose logs the kubelet shows for a pod: those that run or have ended, and of
 * containers that wait for a restart the last one.
 */
export function containerInstances({ metadata, status }: KubeObject): ContainerInstance[] {
  const statuses = [
    status?.initContainerStatuses,
    status?.containerStatuses,
    status?.ephemeralContainerStatuses,
  ].flatMap((list) => (list ?? []) as ContainerStatus[]);

  return statuses.flatMap(({ name, image = '', containerID, state, lastState }) => {
    const isRunning = state?.running !== undefined;
    const current = isRunning ? containerID : state?.terminated?.containerID;
    const last = idOf(lastState?.terminated?.containerID);
    const id = idOf(current) ?? last;

    if (id === undefined) {
      return [];
    }

    return [
      {
        namespace: metadata.namespace ?? '',
        pod: metadata.name ?? '',
        container: name,
        image,
        key: `${metadata.uid}/${name}`,
        id,
        isRunning,
        previousId: last === id ? undefined : last,
      },
    ];
  });
}
