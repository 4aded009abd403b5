import {
  dnsSubdomainErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { configKeyErrors, envNameErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validateNoBacksteps } from './volumes/paths.ts';

const selectable = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

const ofEnvironment = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

const resources = ['cpu', 'ephemeral-storage', 'memory'];
const resourceFields = ['limits', 'requests'].flatMap((kind) =>
  resources.map((name) => `${kind}.${name}`),
);

const bigDivisors = [
  '1',
  ...['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit) => `1${unit}`),
];

/** A reference to a field of the pod; `allowed` are the valid paths. */
export function validateFieldRef(
  ref: Fields,
  allowed: readonly string[],
  at: string,
  out: Causes,
): void {
  const { apiVersion = '', fieldPath = '' } = ref;
  if (apiVersion === '') {
    out.required(`${at}.apiVersion`);
    return;
  }

  if (fieldPath === '') {
    out.required(`${at}.fieldPath`);
    return;
  }

  const field = `${at}.fieldPath`;
  const refuse = (why: string) =>
    out.invalid(field, fieldPath, `error converting fieldPath: ${why}`);

  if (apiVersion !== 'v1') {
    refuse(`unsupported pod version: ${apiVersion}`);
    return;
  }

  const subscripted = /^([^[]+)\['([\s\S]*)'\]$/.exec(fieldPath);
  if (subscripted) {
    const [, path, key = ''] = subscripted;
    if (path === 'metadata.labels') {
      out.each(at, key, qualifiedNameErrors(key));
    } else if (path === 'metadata.annotations') {
      out.each(at, key.toLowerCase(), qualifiedNameErrors(key.toLowerCase()));
    } else {
      refuse(`field label does not support subscript: ${fieldPath}`);
    }

    return;
  }

  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!selectable.includes(path)) {
    refuse(`field label not supported: ${fieldPath}`);
    return;
  }

  if (!allowed.includes(path)) {
    out.unsupported(field, path, allowed);
  }
}

function validateDivisor(resource: string, value: unknown, at: string, out: Causes): void {
  if (value === undefined || String(value) === '0') {
    return;
  }

  const [, name = ''] = /^(?:limits|requests)\.(.*)$/.exec(resource) ?? [];

  const refuse = (list: string, what: string) =>
    out.invalid(
      `${at}.divisor`,
      resource,
      `only divisor's values ${list} are supported with the ${what} resource`,
    );

  if (name === 'cpu') {
    if (!['1m', '1'].includes(String(value))) {
      refuse('1m and 1', 'cpu');
    }
    return;
  }

  const names: Record<string, string> = {
    memory: 'memory',
    'ephemeral-storage': 'local ephemeral storage',
  };

  const what = name.startsWith('hugepages-') ? 'hugepages' : names[name];
  if (what !== undefined && !bigDivisors.includes(String(value))) {
    refuse(bigDivisors.join(', '), what);
  }
}

/** A reference of a volume to an amount of a container's resources: it must name the container. */
export function validateVolumeResourceRef(ref: Fields, at: string, out: Causes): void {
  if (ref.containerName) {
    validateResourceRef(ref, at, out);
  } else {
    out.required(`${at}.containerName`);
    validateDivisor(ref.resource ?? '', ref.divisor, at, out);
  }
}

function validateResourceRef(ref: Fields, at: string, out: Causes): void {
  const { resource = '' } = ref;
  if (resource === '') {
    out.required(`${at}.resource`);
  } else if (
    !resourceFields.includes(resource) &&
    !/^(requests|limits)\.hugepages-/.test(resource)
  ) {
    out.unsupported(`${at}.resource`, resource, resourceFields);
  }

  validateDivisor(resource, ref.divisor, at, out);
}

function validateKeyRef({ name = '', key = '' }: Fields, at: string, out: Causes): void {
  out.each(`${at}.name`, name, dnsSubdomainErrors(name));

  if (key === '') {
    out.required(`${at}.key`);
  } else {
    out.each(`${at}.key`, key, configKeyErrors(key));
  }
}

function validateFileKeyRef(
  { key = '', volumeName = '', path = '' }: Fields,
  at: string,
  out: Causes,
): void {
  if (key === '') {
    out.required(`${at}.key`);
  } else {
    out.each(`${at}.key`, key, envNameErrors(key));
  }

  if (volumeName === '') {
    out.required(`${at}.volumeName`);
  } else {
    out.dnsLabel(`${at}.volumeName`, volumeName);
  }

  if (path === '') {
    out.required(`${at}.path`);
  } else {
    validateNoBacksteps(path, `${at}.path`, out);
  }
}

const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

function validateValueFrom({ valueFrom: from, value }: Fields, at: string, out: Causes): void {
  if (from === undefined) {
    return;
  }
  if (from.fieldRef) {
    validateFieldRef(from.fieldRef, ofEnvironment, `${at}.fieldRef`, out);
  }
  if (from.resourceFieldRef) {
    validateResourceRef(from.resourceFieldRef, `${at}.resourceFieldRef`, out);
  }
  if (from.configMapKeyRef) {
    validateKeyRef(from.configMapKeyRef, `${at}.configMapKeyRef`, out);
  }
  if (from.secretKeyRef) {
    validateKeyRef(from.secretKeyRef, `${at}.secretKeyRef`, out);
  }
  if (from.fileKeyRef) {
    validateFileKeyRef(from.fileKeyRef, `${at}.fileKeyRef`, out);
  }

  const count = sources.filter((source) => from[source] !== undefined).length;
  if (count === 0) {
    const names = sources.map((name) => `\`${name}\``);
    out.invalid(at, '', `must specify one of: ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);
  } else if (value) {
    out.invalid(at, '', 'may not be specified when `value` is not empty');
  } else if (count > 1) {
    out.invalid(at, '', 'may not have more than one field specified at a time');
  }
}

/** Environment variables of a container. */
export function validateEnv(list: readonly Fields[] | undefined, at: string, out: Causes): void {
  each(list, at, (variable, path) => {
    const { name = '' } = variable;
    if (name === '') {
      out.required(`${path}.name`);
    } else {
      out.each(`${path}.name`, name, envNameErrors(name));
    }

    validateValueFrom(variable, `${path}.valueFrom`, out);
  });
}

function validateSourceName({ name = '' }: Fields, at: string, out: Causes): void {
  if (name === '') {
    out.required(`${at}.name`);
  } else {
    out.each(`${at}.name`, name, dnsSubdomainErrors(name));
  }
}

/** ConfigMaps and Secrets whose keys become environment variables. */
export function validateEnvFrom(
  list: readonly Fields[] | undefined,
  at: string,
  out: Causes,
): void {
  each(list, at, ({ prefix = '', configMapRef, secretRef }, path) => {
    if (prefix !== '') {
      out.each(`${path}.prefix`, prefix, envNameErrors(prefix));
    }
    if (configMapRef) {
      validateSourceName(configMapRef, `${path}.configMapRef`, out);
    }
    if (secretRef) {
      validateSourceName(secretRef, `${path}.secretRef`, out);
    }

    if (!configMapRef && !secretRef) {
      out.invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`');
    } else if (configMapRef && secretRef) {
      out.invalid(at, '', 'may not have more than one field specified at a time');
    }
  });
}
