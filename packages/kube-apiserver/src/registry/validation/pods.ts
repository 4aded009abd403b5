import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { compareQuantities, parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import {
  duplicate,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import { dnsLabelErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../defaults/types.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

/** A cause where a port number is not one. */
export function validatePortNumber(field: string, port: unknown): StatusCause[] {
  const ok = typeof port === 'number' && port >= 1 && port <= 65_535;
  return ok ? [] : [invalidValue(field, port ?? 0, 'must be between 1 and 65535, inclusive')];
}

/** A cause where a text is none of those allowed. */
export function oneOf(field: string, value: unknown, allowed: readonly string[]): StatusCause[] {
  return typeof value === 'string' && allowed.includes(value) ? [] : [notSupported(field, value ?? '', allowed)];
}

function validatePortName(field: string, name: string): StatusCause[] {
  const errors: string[] = [];
  if (name.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) errors.push('must contain at least one letter (a-z)');
  if (name.includes('--')) errors.push('must not contain consecutive hyphens');
  if (/^-|-$/.test(name)) errors.push('must not begin or end with a hyphen');
  return errors.map((error) => invalidValue(field, name, error));
}

function validatePorts(ports: readonly Fields[] | undefined, path: string): StatusCause[] {
  const names = new Set<string>();
  return (ports ?? []).flatMap((port, index) => {
    const field = `${path}.ports[${index}]`;
    const causes: StatusCause[] = [];
    if (port.name) {
      causes.push(...validatePortName(`${field}.name`, port.name));
      if (causes.length === 0 && names.has(port.name)) causes.push(duplicate(`${field}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) causes.push(required(`${field}.containerPort`));
    else causes.push(...validatePortNumber(`${field}.containerPort`, port.containerPort));
    if (port.hostPort) causes.push(...validatePortNumber(`${field}.hostPort`, port.hostPort));
    if (port.protocol) causes.push(...oneOf(`${field}.protocol`, port.protocol, protocols));
    return causes;
  });
}

function validateResources(resources: Fields | undefined, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [key, limit] of Object.entries(resources?.limits ?? {})) {
    const request = resources?.requests?.[key];
    if (request === undefined) continue;
    if (compareQuantities(parseQuantity(String(request)), parseQuantity(String(limit))) > 0) {
      const why = `must be less than or equal to ${key} limit of ${limit}`;
      causes.push(invalidValue(`${path}.resources.requests`, request, why));
    }
  }
  return causes;
}

function validateContainer(container: Fields, path: string, seen: Set<string>, volumes: Set<string>): StatusCause[] {
  const { name = '', image = '' } = container;
  const causes: StatusCause[] = [];
  if (name === '') causes.push(required(`${path}.name`));
  else causes.push(...dnsLabelErrors(name).map((error) => invalidValue(`${path}.name`, name, error)));
  if (name !== '' && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  seen.add(name);
  if (image === '') causes.push(required(`${path}.image`));
  else if (image !== image.trim()) {
    causes.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  }
  causes.push(...validatePorts(container.ports, path));
  for (const [index, env] of (container.env ?? []).entries()) {
    const field = `${path}.env[${index}]`;
    if (!env.name) causes.push(required(`${field}.name`));
    else if (env.name.includes('=')) causes.push(invalidValue(`${field}.name`, env.name, "must not contain '='"));
    if (env.value && env.valueFrom) {
      causes.push(invalidValue(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const field = `${path}.volumeMounts[${index}]`;
    if (!mount.name) causes.push(required(`${field}.name`));
    else if (!volumes.has(mount.name)) causes.push(notFoundValue(`${field}.name`, mount.name));
    if (!mount.mountPath) causes.push(required(`${field}.mountPath`));
  }
  causes.push(...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']));
  return [...causes, ...validateResources(container.resources, path)];
}

/**
 * What is wrong with a pod's spec, or that of a template; `path` is where it stands, `extraVolumes` names
 * volumes that come from elsewhere. Expects defaults to be set.
 */
export function validatePodSpec(
  spec: Fields | undefined,
  path: string,
  extraVolumes: readonly string[] = [],
): StatusCause[] {
  const { containers = [], initContainers = [], volumes = [], restartPolicy, dnsPolicy } = spec ?? {};
  const causes: StatusCause[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const field = `${path}.volumes[${index}].name`;
    if (!volume.name) causes.push(required(field));
    else {
      causes.push(...dnsLabelErrors(volume.name).map((error) => invalidValue(field, volume.name, error)));
      if (names.has(volume.name)) causes.push(duplicate(field, volume.name));
    }
    names.add(volume.name);
  }
  for (const name of extraVolumes) names.add(name);
  if (containers.length === 0) causes.push(required(`${path}.containers`));
  const seen = new Set<string>();
  for (const [index, item] of containers.entries()) {
    causes.push(...validateContainer(item, `${path}.containers[${index}]`, seen, names));
  }
  for (const [index, item] of initContainers.entries()) {
    causes.push(...validateContainer(item, `${path}.initContainers[${index}]`, seen, names));
  }
  causes.push(...oneOf(`${path}.restartPolicy`, restartPolicy, ['Always', 'OnFailure', 'Never']));
  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  return [...causes, ...oneOf(`${path}.dnsPolicy`, dnsPolicy, policies)];
}
