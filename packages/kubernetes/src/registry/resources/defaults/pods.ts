import {
  addQuantities,
  formatQuantity,
  parseQuantity,
} from '@ks-apiserver/apimachinery/quantity/quantity';
import { listOf } from '../core-types.ts';
import { type Fields, fill, fillZero } from './types.ts';

const readOnlyMode = 0o644;

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;

/** An image reference: name, tag and digest (distribution's grammar of references). */
const reference = new RegExp(
  `^((?:${domain}/)?${component}(?:/${component})*)(?::(\\w[\\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);
const maxReference = 4096;
const maxName = 255;

/**
 * The tag of an image reference: `latest` without a tag and digest; '' for an invalid reference.
 */
function imageTag(image: string): string {
  const found = image.length > maxReference ? null : reference.exec(image);
  const [, name = '', tag, digest] = found ?? [];
  if (found === null || name.length > maxName) {
    return '';
  }

  return tag ?? (digest === undefined ? 'latest' : '');
}

function container(value: Fields): void {
  const { lifecycle } = value;
  if (lifecycle?.stopSignal !== undefined) {
    // Drops a field whose feature gate is off by default.
    delete lifecycle.stopSignal;

    if (!lifecycle.postStart && !lifecycle.preStop) {
      delete value.lifecycle;
    }
  }

  fill(value, {
    imagePullPolicy: imageTag(value.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
}

function requestsFromLimits(containers: readonly Fields[] | undefined): void {
  for (const { resources } of containers ?? []) {
    if (resources?.limits !== undefined) {
      resources.requests = { ...resources.limits, ...resources.requests };
    }
  }
}

/** A pod with limits of its own gets the sum of its containers' requests. */
function podRequests(spec: Fields): void {
  const { resources, containers = [] } = spec;
  if (resources?.limits === undefined && resources?.requests === undefined) {
    return;
  }

  const requests: Fields = { ...resources.requests };

  for (const name of ['cpu', 'memory']) {
    if (requests[name] !== undefined) {
      continue;
    }

    const amounts = listOf<Fields>(containers).map(
      (container) => container.resources?.requests?.[name],
    );

    if (amounts.some((amount) => amount !== undefined)) {
      const sum = amounts.map((amount) => parseQuantity(String(amount ?? 0))).reduce(addQuantities);
      requests[name] = formatQuantity(sum);
    } else if (resources.limits?.[name] !== undefined) {
      requests[name] = resources.limits[name];
    }
  }

  if (Object.keys(requests).length > 0) {
    resources.requests = requests;
  }
}

function hostPorts(containers: readonly Fields[] | undefined): void {
  for (const { ports } of containers ?? []) {
    for (const port of ports ?? []) {
      if (!port.hostPort && port.containerPort) {
        port.hostPort = port.containerPort;
      }
    }
  }
}

const rbd = (value: Fields) =>
  fill(value, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' });
const scaleIO = (value: Fields) => fill(value, { storageMode: 'ThinProvisioned', fsType: 'xfs' });

/** Defaults of pods and what they hold (core/v1), by type. */
export const podDefaults: Readonly<Record<string, (value: Fields) => void>> = {
  'core.v1.Pod': ({ spec }) => {
    if (spec === undefined) {
      return;
    }

    requestsFromLimits(spec.containers);
    requestsFromLimits(spec.initContainers);
    podRequests(spec);

    if (spec.terminationGracePeriodSeconds < 0) {
      spec.terminationGracePeriodSeconds = 1;
    }

    fill(spec, { enableServiceLinks: true });

    if (spec.hostNetwork === true) {
      hostPorts(spec.containers);
      hostPorts(spec.initContainers);
    }
  },
  'core.v1.PodStatus': (value) => fill(value, { phase: 'Pending' }),
  'core.v1.PodSpec': (value) => {
    fill(value, {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
    });

    // The deprecated field has the value of the new one.
    if (value.serviceAccountName) {
      value.serviceAccount = value.serviceAccountName;
    } else if (value.serviceAccount) {
      value.serviceAccountName = value.serviceAccount;
    }
  },
  'core.v1.Container': container,
  'core.v1.EphemeralContainer': container,
  'core.v1.ContainerPort': (value) => fill(value, { protocol: 'TCP' }),
  'core.v1.Probe': (value) =>
    fillZero(value, {
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    }),
  'core.v1.HTTPGetAction': (value) => fill(value, { path: '/', scheme: 'HTTP' }),
  'core.v1.GRPCAction': (value) => {
    value.service ??= '';
  },
  'core.v1.Volume': (value) => {
    if (Object.keys(value).every((field) => field === 'name')) {
      value.emptyDir = {};
    }

    if (value.image && !value.image.pullPolicy) {
      value.image.pullPolicy =
        imageTag(value.image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
    }
  },
  'core.v1.HostPathVolumeSource': (value) => {
    value.type ??= '';
  },
  'core.v1.SecretVolumeSource': (value) => fill(value, { defaultMode: readOnlyMode }),
  'core.v1.ConfigMapVolumeSource': (value) => fill(value, { defaultMode: readOnlyMode }),
  'core.v1.DownwardAPIVolumeSource': (value) => fill(value, { defaultMode: readOnlyMode }),
  'core.v1.ProjectedVolumeSource': (value) => fill(value, { defaultMode: readOnlyMode }),
  'core.v1.ServiceAccountTokenProjection': (value) => fill(value, { expirationSeconds: 3600 }),
  'core.v1.ObjectFieldSelector': (value) => fill(value, { apiVersion: 'v1' }),
  'core.v1.ISCSIVolumeSource': (value) => fill(value, { iscsiInterface: 'default' }),
  'core.v1.ISCSIPersistentVolumeSource': (value) => fill(value, { iscsiInterface: 'default' }),
  'core.v1.RBDVolumeSource': rbd,
  'core.v1.RBDPersistentVolumeSource': rbd,
  'core.v1.AzureDiskVolumeSource': (value) =>
    fill(value, { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }),
  'core.v1.ScaleIOVolumeSource': scaleIO,
  'core.v1.ScaleIOPersistentVolumeSource': scaleIO,
};
