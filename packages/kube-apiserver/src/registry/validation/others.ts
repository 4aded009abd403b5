import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { compareQuantities, parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { equalJson } from '@ks-apiserver/apimachinery/schema/own';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../defaults/types.ts';
import { validateLabels } from './metadata.ts';
import { oneOf, validatePortNumber } from './pods.ts';
import { immutable, type Validator } from './workloads.ts';

const rbac = 'rbac.authorization.k8s.io';
const keyMessage =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function validateKeys(field: string, data: Fields | undefined): StatusCause[] {
  return Object.keys(data ?? {}).flatMap((key) => {
    const at = `${field}[${key}]`;
    if (key.length > 253) return [invalidValue(at, key, 'must be no more than 253 bytes')];
    if (key === '.' || key === '..') return [invalidValue(at, key, `must not be '${key}'`)];
    if (key.startsWith('..')) return [invalidValue(at, key, "must not start with '..'")];
    return /^[-._a-zA-Z0-9]+$/.test(key) ? [] : [invalidValue(at, key, keyMessage)];
  });
}

function frozen(object: Fields, old: Fields | undefined, fields: readonly string[]): StatusCause[] {
  if (old?.immutable !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  const causes = object.immutable === true ? [] : [forbiddenField('immutable', why)];
  for (const field of fields)
    if (!equalJson(object[field] ?? {}, old[field] ?? {})) causes.push(forbiddenField(field, why));
  return causes;
}

const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function secret(object: Fields, old: Fields | undefined): StatusCause[] {
  const { data = {}, type } = object;
  const causes = validateKeys('data', data);
  for (const key of secretKeys[type] ?? []) if (!Object.hasOwn(data, key)) causes.push(required(`data[${key}]`));
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    causes.push(required('data[username]'), required('data[password]'));
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token' && !object.metadata?.annotations?.[account]) {
    causes.push(required(`metadata.annotations[${account}]`));
  }
  if (old !== undefined) causes.push(...immutable('type', type, old.type));
  return [...causes, ...frozen(object, old, ['data'])];
}

function servicePorts(spec: Fields): StatusCause[] {
  const { ports = [], clusterIP, type } = spec;
  if (ports.length === 0 && clusterIP !== 'None' && type !== 'ExternalName') return [required('spec.ports')];
  const names = new Set<string>();
  const pairs = new Set<string>();
  const causes: StatusCause[] = [];
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    if (!port.name && ports.length > 1) causes.push(required(`${field}.name`));
    if (port.name && names.has(port.name)) causes.push(duplicate(`${field}.name`, port.name));
    names.add(port.name);
    causes.push(...validatePortNumber(`${field}.port`, port.port));
    causes.push(...oneOf(`${field}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']));
    if (typeof port.targetPort !== 'string') causes.push(...validatePortNumber(`${field}.targetPort`, port.targetPort));
    const pair = `${port.protocol}/${port.port}`;
    if (pairs.has(pair)) causes.push(duplicate(field, port));
    pairs.add(pair);
  }
  return causes;
}

function service(object: Fields, old: Fields | undefined): StatusCause[] {
  const { spec = {} } = object;
  const causes = servicePorts(spec);
  causes.push(...validateLabels(spec.selector, 'spec.selector'));
  causes.push(...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  causes.push(...oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  if (spec.type === 'ExternalName' && !spec.externalName) causes.push(required('spec.externalName'));
  const before = old?.spec?.clusterIP;
  if (
    before &&
    spec.clusterIP &&
    spec.type !== 'ExternalName' &&
    old?.spec?.type !== 'ExternalName' &&
    before !== spec.clusterIP
  ) {
    causes.push(invalidValue('spec.clusterIPs[0]', [spec.clusterIP], 'may not change once set'));
  }
  return causes;
}

function roleRules(namespaced: boolean): Validator {
  return (object) =>
    ((object.rules ?? []) as Fields[]).flatMap((rule, index) => {
      const field = `rules[${index}]`;
      const causes: StatusCause[] = [];
      const has = (name: string) => (rule[name] ?? []).length > 0;
      if (!has('verbs')) causes.push(required(`${field}.verbs`, 'verbs must contain at least one value'));
      if (has('nonResourceURLs')) {
        const urls = `${field}.nonResourceURLs`;
        if (namespaced) {
          causes.push(invalidValue(urls, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
        }
        if (has('apiGroups') || has('resources') || has('resourceNames')) {
          const why = 'rules cannot apply to both regular resources and non-resource URLs';
          causes.push(invalidValue(urls, rule.nonResourceURLs, why));
        }
        return causes;
      }
      if (!has('apiGroups'))
        causes.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
      if (!has('resources'))
        causes.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
      return causes;
    });
}

function validateSubject(subject: Fields, field: string, namespaced: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  if (!subject.name) causes.push(required(`${field}.name`));
  if (subject.kind === 'ServiceAccount') {
    if (subject.name) {
      causes.push(
        ...dnsSubdomainErrors(subject.name).map((error) => invalidValue(`${field}.name`, subject.name, error)),
      );
    }
    if (!namespaced && !subject.namespace) causes.push(required(`${field}.namespace`));
  } else if (subject.kind !== 'User' && subject.kind !== 'Group') {
    causes.push(notSupported(`${field}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
  return causes;
}

function binding(roleKinds: readonly string[]): Validator {
  return (object, old) => {
    const { roleRef = {}, subjects = [] } = object;
    const causes = oneOf('roleRef.apiGroup', roleRef.apiGroup, [rbac]);
    causes.push(...oneOf('roleRef.kind', roleRef.kind, roleKinds));
    if (!roleRef.name) causes.push(required('roleRef.name'));
    for (const [index, subject] of subjects.entries()) {
      causes.push(...validateSubject(subject, `subjects[${index}]`, roleKinds.includes('Role')));
    }
    if (old !== undefined && !equalJson(old.roleRef, roleRef)) {
      const shown = { APIGroup: roleRef.apiGroup, Kind: roleRef.kind, Name: roleRef.name };
      causes.push(invalidValue('roleRef', shown, 'cannot change roleRef'));
    }
    return causes;
  };
}

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function claim({ spec = {} }: Fields): StatusCause[] {
  const causes: StatusCause[] = [];
  if ((spec.accessModes ?? []).length === 0) {
    causes.push(required('spec.accessModes', 'at least 1 access mode is required'));
  }
  for (const mode of spec.accessModes ?? []) causes.push(...oneOf('spec.accessModes', mode, accessModes));
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) causes.push(required('spec.resources[storage]'));
  else if (compareQuantities(parseQuantity(String(storage)), parseQuantity('0')) <= 0) {
    causes.push(invalidValue('spec.resources[storage]', storage, 'must be greater than zero'));
  }
  return causes;
}

function ingressPath(path: Fields, field: string): StatusCause[] {
  if (!path.pathType) return [required(`${field}.pathType`, 'pathType must be specified')];
  const types = ['Exact', 'ImplementationSpecific', 'Prefix'];
  const causes = oneOf(`${field}.pathType`, path.pathType, types);
  if (path.pathType !== 'ImplementationSpecific' && !path.path?.startsWith('/')) {
    causes.push(invalidValue(`${field}.path`, path.path ?? '', 'must be an absolute path'));
  }
  const target = path.backend?.service;
  if (target === undefined) return causes;
  if (!target.name) causes.push(required(`${field}.backend.service.name`));
  if (!target.port?.name && !target.port?.number) {
    causes.push(required(`${field}.backend`, 'port name or number is required'));
  }
  return causes;
}

function ingress({ spec = {} }: Fields): StatusCause[] {
  const { rules = [], defaultBackend } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    return [invalidValue('spec', null, 'either `defaultBackend` or `rules` must be specified')];
  }
  return (rules as Fields[]).flatMap((rule, index) => {
    const field = `spec.rules[${index}]`;
    const host: string = rule.host ?? '';
    const errors = host === '' ? [] : dnsSubdomainErrors(host.replace(/^\*\./, ''));
    return [
      ...errors.map((error) => invalidValue(`${field}.host`, host, error)),
      ...((rule.http?.paths ?? []) as Fields[]).flatMap((path, i) => ingressPath(path, `${field}.http.paths[${i}]`)),
    ];
  });
}

function storageClass(object: Fields, old: Fields | undefined): StatusCause[] {
  const causes = object.provisioner ? [] : [required('provisioner')];
  for (const field of old === undefined ? [] : ['parameters', 'provisioner']) {
    causes.push(...immutable(field, object[field], old?.[field]));
  }
  return causes;
}

/** Rules of the other kinds, by `group/Kind`. */
export const otherRules: Readonly<Record<string, Validator>> = {
  '/ConfigMap': (object, old) => [
    ...validateKeys('data', object.data),
    ...Object.keys(object.data ?? {})
      .filter((key) => Object.hasOwn(object.binaryData ?? {}, key))
      .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...validateKeys('binaryData', object.binaryData),
    ...frozen(object, old, ['data', 'binaryData']),
  ],
  '/Secret': secret,
  '/Service': service,
  '/PersistentVolumeClaim': claim,
  [`${rbac}/Role`]: roleRules(true),
  [`${rbac}/ClusterRole`]: roleRules(false),
  [`${rbac}/RoleBinding`]: binding(['Role', 'ClusterRole']),
  [`${rbac}/ClusterRoleBinding`]: binding(['ClusterRole']),
  'networking.k8s.io/Ingress': ingress,
  'storage.k8s.io/StorageClass': storageClass,
};
