import { dnsLabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../../resources/defaults/types.ts';
import { type Causes, compareAmounts, each } from '../../causes.ts';
import { validateClaimTemplate } from '../../storage/claims.ts';
import { validateDownwardApi, validateProjected } from './projections.ts';
import { sourceRules } from './volume-sources.ts';

/** Sources in the order in which Kubernetes validates them. */
const order = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
];

/** Names of some sources in messages. */
const shown: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };

const shownTwice: Readonly<Record<string, string>> = {
  cephfs: 'cephFS',
  downwardAPI: 'downwarAPI',
};

/** The owner of the volumes. */
interface VolumeOwner {
  /** Name of the pod; '' for a template. */
  name: string;
  isPod: boolean;
}

function validateSource(
  volume: Fields,
  kind: string,
  { name: podName, isPod }: VolumeOwner,
  at: string,
  out: Causes,
): void {
  const value = volume[kind];
  const path = `${at}.${shown[kind] ?? kind}`;

  switch (kind) {
    case 'emptyDir':
      if (value.sizeLimit !== undefined && compareAmounts(value.sizeLimit, 0) < 0) {
        out.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
      }

      break;
    case 'downwardAPI':
      validateDownwardApi(value, path, out);
      break;
    case 'projected':
      validateProjected(value, path, out);
      break;
    case 'ephemeral': {
      if (value.volumeClaimTemplate === undefined) {
        out.required(`${path}.volumeClaimTemplate`);
      } else {
        validateClaimTemplate(value.volumeClaimTemplate, `${path}.volumeClaimTemplate`, out);
      }

      const claim = `${podName}-${volume.name}`;

      if (podName === '' || !volume.name) {
        break;
      }

      out.each(
        `${at}.name`,
        volume.name,
        dnsSubdomainErrors(claim).map((error) => `PVC name ${JSON.stringify(claim)}: ${error}`),
      );
      break;
    }
    case 'image':
      if (isPod && !value.reference) {
        out.required(`${path}.reference`);
      }

      out.oneOf(`${path}.pullPolicy`, value.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
      break;
    default:
      sourceRules[kind]?.(value, path, out);
  }
}

/** Validates the volumes of a pod or a template; returns those that may be mounted, by name. */
export function validateVolumes(
  list: readonly Fields[] | undefined,
  owner: VolumeOwner,
  at: string,
  out: Causes,
): Map<string, Fields> {
  const { name: podName } = owner;
  const good = new Map<string, Fields>();
  const made = new Set(
    (list ?? []).filter(({ ephemeral }) => ephemeral).map(({ name }) => `${podName}-${name}`),
  );

  each(list, at, (volume, path) => {
    const { name = '' } = volume;

    const wrong = out.part((own) => {
      let found = false;

      for (const kind of order) {
        if (volume[kind] === undefined) {
          continue;
        }

        if (found) {
          own.forbidden(
            `${path}.${shownTwice[kind] ?? kind}`,
            'may not specify more than 1 volume type',
          );
        } else {
          validateSource(volume, kind, owner, path, own);
        }

        found = true;
      }

      if (!found) {
        own.required(path, 'must specify a volume type');
      }

      if (name === '') {
        own.required(`${path}.name`);
      } else {
        own.each(`${path}.name`, name, dnsLabelErrors(name));
      }

      if (good.has(name)) {
        own.duplicate(`${path}.name`, name);
      }
    });

    if (wrong === 0) {
      good.set(name, volume);
    }

    const claim = volume.persistentVolumeClaim?.claimName;
    if (podName !== '' && claim && made.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume';
      out.invalid(`${path}.persistentVolumeClaim.claimName`, claim, why);
    }
  });

  return good;
}
