import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';

/**
 * Visits all containers of a pod with their paths, in Kubernetes' order: init containers,
 * containers, ephemeral ones.
 */
export function eachContainer(
  spec: Fields,
  at: string,
  visit: (container: Fields, at: string) => void,
): void {
  for (const name of ['initContainers', 'containers', 'ephemeralContainers']) {
    each(spec[name], `${at}.${name}`, visit);
  }
}

const notOnWindows = 'cannot be set for a windows pod';

const ofWindowsContainers = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];

/**
 * Fields that pods on Windows must not have, in Kubernetes' order; those without a dot are of the
 * spec itself.
 */
const ofWindowsPods = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
];

function validateOnWindows(spec: Fields, at: string, out: Causes): void {
  for (const path of ofWindowsPods) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const value = path.includes('.') ? spec.securityContext?.[name] : spec[name];
    const isSet = ['hostPID', 'hostIPC'].includes(name) ? value === true : value !== undefined;
    if (isSet) {
      out.forbidden(`${at}.${path}`, notOnWindows);
    }
  }

  eachContainer(spec, at, ({ securityContext = {} }, path) => {
    for (const name of ofWindowsContainers) {
      if (securityContext[name] !== undefined) {
        out.forbidden(`${path}.securityContext.${name}`, notOnWindows);
      }
    }
  });
}

function validateOnLinux(spec: Fields, at: string, out: Causes): void {
  const why = 'windows options cannot be set for a linux pod';

  if (spec.securityContext?.windowsOptions) {
    out.forbidden(`${at}.securityContext.windowsOptions`, why);
  }

  eachContainer(spec, at, ({ securityContext }, path) => {
    if (securityContext?.windowsOptions) {
      out.forbidden(`${path}.securityContext.windowsOptions`, why);
    }
  });
}

/** `spec.os`, and the fields that it forbids. */
export function validateOperatingSystem(spec: Fields, at: string, out: Causes): void {
  if (spec.os === undefined) {
    return;
  }

  const { name = '' } = spec.os;
  if (name === '') {
    out.required(`${at}.os.name`);
  } else if (name === 'windows') {
    validateOnWindows(spec, at, out);
  } else if (name === 'linux') {
    validateOnLinux(spec, at, out);
  } else {
    out.unsupported(`${at}.os`, name, ['linux', 'windows']);
  }
}

/** HostProcess containers of Windows: all of a pod's containers or none. */
export function validateHostProcesses(spec: Fields, at: string, out: Causes): void {
  const ofPod: boolean | undefined = spec.securityContext?.windowsOptions?.hostProcess;
  let [all, hosted] = [0, 0];
  eachContainer(spec, at, ({ securityContext }, path) => {
    const own: boolean | undefined = securityContext?.windowsOptions?.hostProcess;

    all++;

    if (own ?? ofPod) {
      hosted++;
    }

    if (ofPod !== undefined && own !== undefined && own !== ofPod) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      out.invalid(`${path}.securityContext.windowsOptions.hostProcess`, own, why);
    }
  });

  if (hosted === 0) {
    return;
  }

  if (hosted !== all) {
    out.invalid(
      at,
      '',
      'If pod contains any hostProcess containers then all containers must be HostProcess containers',
    );
  }

  if (spec.hostNetwork !== true) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers';
    out.invalid(`${at}.hostNetwork`, false, why);
  }
}
