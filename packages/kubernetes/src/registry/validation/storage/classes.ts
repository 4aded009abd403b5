import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import { rangeError } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, compareAmounts, each, repetition } from '../causes.ts';
import { validateDriverName } from '../pods/volumes/volume-sources.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';
import { validateVolumeSpec } from './volumes.ts';

const maxParameterBytes = 256 * 1024;

function validateProvisioner(name: string, at: string, out: Causes): void {
  if (name === '') {
    out.required(at);
  } else {
    out.qualifiedName(at, name.toLowerCase());
  }
}

function validateParameters(values: Fields, out: Causes): void {
  const entries = Object.entries(values);
  if (entries.length > 512) {
    out.tooLong('parameters', 512);
    return;
  }

  let size = 0;

  for (const [key, value] of entries) {
    if (key === '') {
      out.invalid('parameters', key, 'field can not be empty.');
    }
    size += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }

  if (size > maxParameterBytes) {
    out.tooLong('parameters', maxParameterBytes);
  }
}

/** The identity of a topology term: the same for any order of its expressions and values. */
function termIdentity(expressions: readonly Fields[] = []): string {
  const asked = expressions.map(({ key = '', values = [] }) => [key, ...values.toSorted()]);
  return JSON.stringify(asked.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)));
}

const storageClass: Validator = (object, old, out) => {
  if (old) {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode']) {
      out.immutable(field, object[field], old[field]);
    }
    return;
  }

  const {
    provisioner: name = '',
    reclaimPolicy,
    volumeBindingMode: mode,
    allowedTopologies,
  } = object;

  validateProvisioner(name, 'provisioner', out);
  validateParameters(object.parameters ?? {}, out);

  if (reclaimPolicy) {
    out.supported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']);
  }

  out.supported('volumeBindingMode', mode, ['Immediate', 'WaitForFirstConsumer']);

  // A term without expressions counts as a duplicate, even the first.
  const terms = new Set(['[]']);
  each<Fields>(allowedTopologies, 'allowedTopologies', ({ matchLabelExpressions }, path) => {
    const keys = new Set<string>();
    each<Fields>(
      matchLabelExpressions,
      `${path}.matchLabelExpressions`,
      ({ key = '', values = [] }, place) => {
        if (values.length === 0) {
          out.required(`${place}.values`);
        }

        const isRepeated = repetition();
        each<string>(values, `${place}.values`, (value, at) => {
          if (isRepeated(value)) {
            out.duplicate(at, value);
          }
        });

        out.qualifiedName(`${place}.key`, key);

        if (keys.has(key)) {
          out.duplicate(`${place}.key`, key);
        }

        keys.add(key);
      },
    );

    const term = termIdentity(matchLabelExpressions);
    if (terms.has(term)) {
      out.duplicate(`${path}.matchLabelExpressions`, '');
    }

    terms.add(term);
  });
};

const csiDriver: Validator = ({ spec = {} }, old, out) => {
  const {
    fsGroupPolicy,
    tokenRequests,
    volumeLifecycleModes = [],
    nodeAllocatableUpdatePeriodSeconds: period,
  } = spec;

  const { serviceAccountTokenInSecrets: inSecrets } = spec;
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];

  if (fsGroupPolicy !== undefined) {
    out.supported('spec.fsGroupPolicy', fsGroupPolicy, policies);
  }

  const audiences = new Set<string>();
  each(
    tokenRequests,
    'spec.tokenRequests',
    ({ audience = '', expirationSeconds: seconds }, path) => {
      if (audiences.has(audience)) {
        return out.duplicate(`${path}.audience`, audience);
      }

      audiences.add(audience);

      const field = `${path}.expirationSeconds`;

      if (seconds < 600) {
        out.invalid(field, seconds, 'may not specify a duration less than 10 minutes');
      }
      if (seconds > 2 ** 32) {
        out.invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds');
      }
    },
  );

  if (inSecrets !== undefined && !tokenRequests?.length) {
    const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    out.invalid('spec.serviceAccountTokenInSecrets', inSecrets, why);
  }

  for (const mode of volumeLifecycleModes) {
    out.supported('spec.volumeLifecycleModes', mode, ['Persistent', 'Ephemeral']);
  }

  if (period < 10) {
    out.invalid(
      'spec.nodeAllocatableUpdatePeriodSeconds',
      period,
      'must be greater than or equal to 10 seconds',
    );
  }

  if (!old) {
    return;
  }

  out.immutable('spec.attachedRequired', spec.attachRequired, old.spec?.attachRequired);

  out.immutable(
    'spec.volumeLifecycleModes',
    volumeLifecycleModes,
    old.spec?.volumeLifecycleModes ?? [],
  );
};

const csiNode: Validator = ({ spec = {} }, _old, out) => {
  const names = new Set<string>();
  each(
    spec.drivers,
    'spec.drivers',
    ({ name = '', nodeID = '', allocatable, topologyKeys = [] }, path) => {
      validateDriverName(name, `${path}.name`, out);

      if (nodeID === '') {
        out.required(`${path}.nodeID`);
      }
      if (nodeID.length > 256) {
        out.invalid(`${path}.nodeID`, nodeID, 'must be 256 characters or less');
      }

      out.notNegative(`${path}.allocatable.count`, allocatable?.count);

      if (names.has(name)) {
        out.duplicate(`${path}.name`, name);
      }

      names.add(name);

      const isRepeated = repetition();
      each<string>(topologyKeys, path, (key) => {
        if (key === '') {
          out.required(path);
        }
        if (isRepeated(key)) {
          out.duplicate(path, key);
        }

        out.qualifiedName(path, key);
      });
    },
  );
};

const attachment: Validator = ({ spec = {}, status = {} }, old, out) => {
  const { attacher = '', source = {}, nodeName = '' } = spec;
  validateDriverName(attacher, 'spec.attacher', out);

  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  const field = 'spec.source';
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

  if (inline === undefined && name === undefined) {
    out.required(field, one);
  } else if (inline !== undefined && name !== undefined) {
    out.forbidden(field, one);
  } else if (name === '') {
    out.required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName');
  } else if (inline !== undefined) {
    validateVolumeSpec(inline, { inline: true }, `${field}.inlineVolumeSpec`, out);
  }

  out.each('spec.nodeName', nodeName, dnsSubdomainErrors(nodeName));

  for (const error of ['attachError', 'detachError']) {
    const { message = '', errorCode } = status[error] ?? {};
    if (message.length > 1024) {
      out.tooLong(`status.${error}.message`, maxParameterBytes);
    }
    if (errorCode < 0) {
      out.invalid(`status.${error}.errorCode`, errorCode, rangeError(0, 2_147_483_647));
    }
  }

  if (name !== undefined) {
    out.each('spec.source.persistentVolumeName', name, dnsSubdomainErrors(name));
  }
  if (old) {
    out.immutable('spec', spec, old.spec);
  }
};

const capacity: Validator = (object, old, out) => {
  const { nodeTopology, storageClassName = '', capacity: amount } = object;

  if (old) {
    out.immutable('nodeTopology', nodeTopology, old.nodeTopology);
    out.immutable('storageClassName', storageClassName, old.storageClassName);
    return;
  }

  validateLabelSelector(nodeTopology, 'nodeTopology', out);
  out.each('storageClassName', storageClassName, dnsSubdomainErrors(storageClassName));

  if (amount !== undefined && compareAmounts(amount, 0) < 0) {
    out.invalid('capacity', amount, 'must be greater than or equal to 0');
  }
};

const attributesClass: Validator = (object, old, out) => {
  const { driverName = '', parameters: values = {} } = object;
  if (old && driverName !== old.driverName) {
    out.forbidden('driverName', 'updates to driverName are forbidden.');
  }
  if (old && JSON.stringify(values) !== JSON.stringify(old.parameters ?? {})) {
    out.forbidden('parameters', 'updates to parameters are forbidden.');
  }

  validateProvisioner(driverName, 'driverName', out);
  validateParameters(values, out);

  if (Object.keys(values).length === 0) {
    out.required('parameters', 'must contain at least one key/value pair');
  }
};

/** Rules of storage.k8s.io, by `group/Kind`. */
export const storageRules: Readonly<Record<string, Validator>> = {
  'storage.k8s.io/StorageClass': storageClass,
  'storage.k8s.io/CSIDriver': csiDriver,
  'storage.k8s.io/CSINode': csiNode,
  'storage.k8s.io/VolumeAttachment': attachment,
  'storage.k8s.io/CSIStorageCapacity': capacity,
  'storage.k8s.io/VolumeAttributesClass': attributesClass,
};
