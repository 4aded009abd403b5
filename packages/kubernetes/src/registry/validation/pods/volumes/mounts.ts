import type { Fields } from '../../../resources/defaults/types.ts';
import { type Causes, each } from '../../causes.ts';
import { descendingPath } from './paths.ts';

function validatePropagation(
  mode: string | undefined,
  container: Fields,
  at: string,
  out: Causes,
): void {
  if (mode === undefined) {
    return;
  }

  out.supported(at, mode, ['Bidirectional', 'HostToContainer', 'None']);

  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    out.forbidden(at, 'Bidirectional mount propagation is available only to privileged containers');
  }
}

function validateRecursiveReadOnly(mount: Fields, at: string, out: Causes): void {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount;
  if (mode === undefined || mode === 'Disabled') {
    return;
  }

  if (mode !== 'Enabled' && mode !== 'IfPossible') {
    out.unsupported(at, mode, ['Disabled', 'Enabled', 'IfPossible']);
    return;
  }

  if (readOnly !== true) {
    out.forbidden(at, 'may only be specified when readOnly is true');
  }
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    out.forbidden(at, 'may only be specified when mountPropagation is None or not specified');
  }
}

/** Volumes that a container mounts; `volumes` are the pod's by name. */
export function validateMounts(
  container: Fields,
  volumes: ReadonlyMap<string, Fields>,
  at: string,
  out: Causes,
): void {
  const devices: Fields[] = container.volumeDevices ?? [];
  const deviceNames = new Set(devices.map(({ name = '' }) => name));
  const devicePaths = new Set(devices.map(({ devicePath = '' }) => devicePath));
  const paths = new Set<string>();
  each(container.volumeMounts, at, (mount, path) => {
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount;
    if (name === '') {
      out.required(`${path}.name`);
    }
    if (!volumes.has(name)) {
      out.notFound(`${path}.name`, name);
    }
    if (mountPath === '') {
      out.required(`${path}.mountPath`);
    }
    if (paths.has(mountPath)) {
      out.invalid(`${path}.mountPath`, mountPath, 'must be unique');
    }

    paths.add(mountPath);

    if (deviceNames.has(name)) {
      out.invalid(`${path}.name`, name, 'must not already exist in volumeDevices');
    }

    if (devicePaths.has(mountPath)) {
      out.invalid(
        `${path}.mountPath`,
        mountPath,
        'must not already exist as a path in volumeDevices',
      );
    }

    if (subPath !== '') {
      descendingPath(subPath, `${at}.subPath`, out);
    }

    if (subPathExpr !== '') {
      if (subPath !== '') {
        out.invalid(
          `${path}.subPathExpr`,
          subPathExpr,
          'subPathExpr and subPath are mutually exclusive',
        );
      }

      descendingPath(subPathExpr, `${at}.subPathExpr`, out);
    }

    validatePropagation(mount.mountPropagation, container, `${at}.mountPropagation`, out);
    validateRecursiveReadOnly(mount, `${at}.recursiveReadOnly`, out);
  });
}

/** Volumes that a container uses as block devices. */
export function validateDevices(
  container: Fields,
  volumes: ReadonlyMap<string, Fields>,
  at: string,
  out: Causes,
): void {
  const mounts: Fields[] = container.volumeMounts ?? [];
  const mountNames = new Set(mounts.map(({ name = '' }) => name));
  const mountPaths = new Set(mounts.map(({ mountPath = '' }) => mountPath));
  const [names, paths] = [new Set<string>(), new Set<string>()];
  each(container.volumeDevices, at, ({ name = '', devicePath = '' }, path) => {
    const volume = volumes.get(name);

    if (name === '') {
      out.required(`${path}.name`);
    }
    if (names.has(name)) {
      out.invalid(`${path}.name`, name, 'must be unique');
    }

    if (volume === undefined) {
      out.notFound(`${path}.name`, name);
    } else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const why =
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      out.invalid(`${path}.name`, name, why);
    }

    if (devicePath === '') {
      out.required(`${path}.devicePath`);
    }
    if (paths.has(devicePath)) {
      out.invalid(`${path}.devicePath`, devicePath, 'must be unique');
    }

    if (devicePath.split('/').includes('..')) {
      out.invalid(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')");
    } else {
      paths.add(devicePath);
    }

    if (mountNames.has(name)) {
      out.invalid(`${path}.name`, name, 'must not already exist in volumeMounts');
    }

    if (mountPaths.has(devicePath)) {
      out.invalid(
        `${path}.devicePath`,
        devicePath,
        'must not already exist as a path in volumeMounts',
      );
    }

    if (name !== '') {
      names.add(name);
    }
  });
}
