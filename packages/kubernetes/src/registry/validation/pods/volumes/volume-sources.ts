import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import { rangeError } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../../resources/defaults/types.ts';
import { type Causes, each } from '../../causes.ts';
import { descendingPath, fileMode, unreservedPath, validateNoBacksteps } from './paths.ts';

/** Checks one source of a volume. */
export type SourceRule = (source: Fields, at: string, out: Causes) => void;

/**
 * A rule that requires fields; a path such as `secretRef.name` is required only where its first
 * field is set.
 */
function wants(...fields: readonly string[]): SourceRule {
  return (source, at, out) => {
    for (const field of fields) {
      const [first = '', second] = field.split('.');
      const value =
        second === undefined ? source[first] : source[first] && (source[first][second] ?? '');
      const missing = second === undefined ? !value || value.length === 0 : value === '';
      if (missing) {
        out.required(`${at}.${field}`);
      }
    }
  };
}

function combineRules(...rules: readonly SourceRule[]): SourceRule {
  return (source, at, out) => {
    for (const rule of rules) {
      rule(source, at, out);
    }
  };
}

const partition: SourceRule = ({ partition: number = 0 }, at, out) => {
  if (number < 0 || number > 255) {
    out.invalid(`${at}.partition`, number, rangeError(1, 255));
  }
};

/** Keys of a ConfigMap or Secret with their paths. */
export function validateKeyToPath(
  { key = '', path = '', mode }: Fields,
  at: string,
  out: Causes,
): void {
  if (key === '') {
    out.required(`${at}.key`);
  }
  if (path === '') {
    out.required(`${at}.path`);
  }

  unreservedPath(path, `${at}.path`, out);
  fileMode(mode, `${at}.mode`, out);
}

const items: SourceRule = ({ defaultMode, items: list }, at, out) => {
  fileMode(defaultMode, `${at}.defaultMode`, out);
  each(list, `${at}.items`, (item, path) => validateKeyToPath(item, path, out));
};

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const hostPath: SourceRule = ({ path = '', type }, at, out) => {
  if (path === '') {
    return out.required(`${at}.path`);
  }

  validateNoBacksteps(path, `${at}.path`, out);

  if (type !== undefined) {
    out.supported(`${at}.type`, type, hostPathTypes);
  }
};

const nfs: SourceRule = (source, at, out) => {
  wants('server', 'path')(source, at, out);

  const { path = '' } = source;
  if (!path.startsWith('/')) {
    out.invalid(`${at}.path`, path, 'must be an absolute path');
  }
};

const qualifiedNames: readonly (readonly [prefix: string, pattern: RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];

function validateIscsiName(name: string, at: string, starting: string, out: Causes): void {
  const rule = qualifiedNames.find(([prefix]) => name.startsWith(prefix));
  if (rule === undefined) {
    out.invalid(at, name, `must be valid format${starting}`);
  } else if (!rule[1].test(name)) {
    out.invalid(at, name, 'must be valid format');
  }
}

/** iSCSI in pods and PersistentVolumes, whose messages differ. */
function iscsi(starting: string): SourceRule {
  return (source, at, out) => {
    const { targetPortal = '', iqn = '', lun = 0, initiatorName, secretRef } = source;
    if (targetPortal === '') {
      out.required(`${at}.targetPortal`);
    }

    if (iqn === '') {
      out.required(`${at}.iqn`);
    } else {
      validateIscsiName(iqn, `${at}.iqn`, starting, out);
    }

    if (lun < 0 || lun > 255) {
      out.invalid(`${at}.lun`, lun, rangeError(0, 255));
    }
    if ((source.chapAuthDiscovery || source.chapAuthSession) && secretRef === undefined) {
      out.required(`${at}.secretRef`);
    }
    if (initiatorName !== undefined) {
      validateIscsiName(initiatorName, `${at}.initiatorname`, starting, out);
    }
  };
}

const fibreChannel: SourceRule = ({ targetWWNs = [], wwids = [], lun }, at, out) => {
  const field = `${at}.targetWWNs`;

  if (targetWWNs.length === 0 && wwids.length === 0) {
    out.required(field, 'must specify either targetWWNs or wwids, but not both');
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    out.invalid(field, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  }
  if (targetWWNs.length === 0) {
    return;
  }

  if (lun === undefined) {
    out.required(`${at}.lun`, 'lun is required if targetWWNs is specified');
  } else if (lun < 0 || lun > 255) {
    out.invalid(`${at}.lun`, lun, rangeError(0, 255));
  }
};

const flocker: SourceRule = ({ datasetName = '', datasetUUID = '' }, at, out) => {
  if (datasetName === '' && datasetUUID === '') {
    out.required(at, 'one of datasetName and datasetUUID is required');
  }
  if (datasetName !== '' && datasetUUID !== '') {
    out.invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  }
  if (datasetName.includes('/')) {
    out.invalid(`${at}.datasetName`, datasetName, "must not contain '/'");
  }
};

const quobyte: SourceRule = ({ registry = '', tenant = '', volume = '' }, at, out) => {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';

  if (registry === '') {
    out.required(`${at}.registry`, pairs);
  } else if (tenant.length >= 65) {
    out.required(`${at}.tenant`, 'must be a UUID and may not exceed a length of 64 characters');
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(pair)) {
        out.invalid(`${at}.registry`, registry, pairs);
      }
    }
  }

  if (volume === '') {
    out.required(`${at}.volume`);
  }
};

const flexVolume: SourceRule = (source, at, out) => {
  wants('driver')(source, at, out);

  for (const key of Object.keys(source.options ?? {})) {
    if (/\.(kubernetes|k8s)\.io$/.test(`.${key.replace(/\/.*/s, '').toLowerCase()}`)) {
      out.invalid(`${at}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved');
    }
  }
};

const managedDisk =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

const azureDisk: SourceRule = (source, at, out) => {
  const { diskURI = '', cachingMode, kind } = source;

  wants('diskName', 'diskURI')(source, at, out);

  if (cachingMode !== undefined) {
    out.supported(`${at}.cachingMode`, cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  }
  if (kind !== undefined) {
    out.supported(`${at}.kind`, kind, ['Dedicated', 'Managed', 'Shared']);
  }

  const field = `${at}.diskURI`;

  if (kind === 'Managed' && !diskURI.startsWith('/')) {
    out.unsupported(field, diskURI, [managedDisk]);
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('http')) {
    out.unsupported(field, diskURI, [blobDisk]);
  }
};

/** The name of a CSI driver. */
export function validateDriverName(name: string, at: string, out: Causes): void {
  if (name === '') {
    out.required(at);
    return;
  }

  if (name.length > 63) {
    out.tooLong(at, 63);
  }

  out.each(at, name, dnsSubdomainErrors(name.toLowerCase()));
}

const csi: SourceRule = ({ driver = '', nodePublishSecretRef: secret }, at, out) => {
  validateDriverName(driver, `${at}.driver`, out);

  if (secret === undefined) {
    return;
  }

  if (!secret.name) {
    out.required(`${at}.nodePublishSecretRef.name`);
  } else {
    out.each(`${at}.name`, secret.name, dnsSubdomainErrors(secret.name));
  }
};

/**
 * Rules of sources that are the same for pods and PersistentVolumes, or need no more than the
 * source.
 */
export const sourceRules: Readonly<Record<string, SourceRule>> = {
  hostPath,
  gitRepo: combineRules(wants('repository'), ({ directory = '' }, at, out) =>
    descendingPath(directory, `${at}.directory`, out),
  ),
  gcePersistentDisk: combineRules(wants('pdName'), partition),
  awsElasticBlockStore: combineRules(wants('volumeID'), partition),
  secret: combineRules(wants('secretName'), items),
  nfs,
  iscsi: iscsi(' starting with iqn, eui, or naa'),
  glusterfs: wants('endpoints', 'path'),
  flocker,
  persistentVolumeClaim: wants('claimName'),
  rbd: wants('monitors', 'image'),
  cinder: wants('volumeID', 'secretRef.name'),
  cephfs: wants('monitors'),
  quobyte,
  fc: fibreChannel,
  flexVolume,
  configMap: combineRules(wants('name'), items),
  azureFile: wants('secretName', 'shareName'),
  vsphereVolume: wants('volumePath'),
  photonPersistentDisk: wants('pdID'),
  portworxVolume: wants('volumeID'),
  azureDisk,
  storageos: wants('secretRef.name'),
  scaleIO: wants('gateway', 'system', 'volumeName'),
  csi,
};

/** Rules of PersistentVolumes where they differ from those of pods. */
export const persistentRules: Readonly<Record<string, SourceRule>> = {
  iscsi: combineRules(iscsi(''), wants('secretRef.name')),
  cinder: wants('volumeID', 'secretRef.name', 'secretRef.namespace'),
  azureFile: (source, at, out) => {
    wants('secretName', 'shareName')(source, at, out);
    if (source.secretNamespace === '') {
      out.required(`${at}.secretNamespace`);
    }
  },
};
