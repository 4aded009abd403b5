import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, compareAmounts } from '../causes.ts';
import { changesOf } from '../changes.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';

const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Access modes of a claim or a volume. */
export function validateAccessModes(list: readonly string[], at: string, out: Causes): void {
  for (const mode of list) {
    out.supported(at, mode, modes);
  }

  const known = list.filter((mode) => modes.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    out.forbidden(at, 'may not use ReadWriteOncePod with other access modes');
  }
}

function validateDataSource(source: Fields | undefined, at: string, out: Causes): void {
  if (source === undefined) {
    return;
  }

  const { name = '', kind = '', apiGroup = '', namespace = '' } = source;
  if (name === '') {
    out.required(`${at}.name`);
  }
  if (kind === '') {
    out.required(`${at}.kind`);
  }
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    out.invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
  if (apiGroup !== '') {
    out.each(`${at}.apiGroup`, apiGroup, dnsSubdomainErrors(apiGroup));
  }
  if (namespace !== '') {
    out.each(`${at}.namespace`, namespace, dnsLabelErrors(namespace));
  }
}

function sameSource(a: Fields, b: Fields): boolean {
  return (a.apiGroup ?? '') === (b.apiGroup ?? '') && a.kind === b.kind && a.name === b.name;
}

/** The spec of a PersistentVolumeClaim. */
export function validateClaimSpec(spec: Fields, at: string, out: Causes): void {
  const {
    accessModes = [],
    storageClassName,
    volumeMode,
    dataSource: source,
    dataSourceRef: ref,
  } = spec;

  if (accessModes.length === 0) {
    out.required(`${at}.accessModes`, 'at least 1 access mode is required');
  }

  validateLabelSelector(spec.selector, `${at}.selector`, out);
  validateAccessModes(accessModes, `${at}.accessModes`, out);

  const storage = spec.resources?.requests?.storage;
  const field = `${at}.resources[storage]`;

  if (storage === undefined) {
    out.required(field);
  } else if (compareAmounts(storage, 0) <= 0) {
    out.invalid(field, storage, 'must be greater than zero');
  }

  if (storageClassName) {
    out.each(`${at}.storageClassName`, storageClassName, dnsSubdomainErrors(storageClassName));
  }
  if (volumeMode !== undefined) {
    out.supported(`${at}.volumeMode`, volumeMode, ['Block', 'Filesystem']);
  }

  validateDataSource(source, `${at}.dataSource`, out);
  validateDataSource(ref, `${at}.dataSourceRef`, out);

  // Kubernetes prints the path as the value.
  if (ref?.namespace) {
    if (source) {
      out.invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified');
    }
  } else if (source && ref && !sameSource(source, ref)) {
    out.invalid(at, {}, 'must match dataSourceRef');
  }

  const { volumeAttributesClassName: name } = spec;
  if (name) {
    out.each(`${at}.volumeAttributesClassName`, name, dnsSubdomainErrors(name));
  }
}

/** A template of claims, whose metadata may have labels and annotations only. */
export function validateClaimTemplate(template: Fields, at: string, out: Causes): void {
  const { annotations = {}, labels, ...rest } = template.metadata ?? {};
  for (const key of Object.keys(annotations)) {
    out.each(`${at}.metadata.annotations`, key, qualifiedNameErrors(key.toLowerCase()));
  }

  out.labels(`${at}.metadata.labels`, labels);

  for (const name of Object.keys(rest)) {
    out.forbidden(`${at}.metadata.${name}`, 'cannot be set');
  }

  validateClaimSpec(template.spec ?? {}, `${at}.spec`, out);
}

const betaClass = 'volume.beta.kubernetes.io/storage-class';

function validateClaimUpdate(object: Fields, old: Fields, out: Causes): void {
  const [spec, before] = [structuredClone(object.spec ?? {}), structuredClone(old.spec ?? {})];
  const [annotation, was] = [object, old].map(({ metadata }) => metadata?.annotations?.[betaClass]);

  if (!before.volumeName) {
    before.volumeName = spec.volumeName;
  }

  out.immutable(`metadata.annotations.${betaClass}`, annotation ?? '', was ?? '');

  if (spec.storageClassName !== undefined && before.storageClassName === undefined) {
    before.storageClassName = spec.storageClassName;
  }

  if (object.status?.phase === 'Bound') {
    if (spec.resources?.requests) {
      spec.resources.requests.storage = before.resources?.requests?.storage;
    }
    spec.volumeAttributesClassName = before.volumeAttributesClassName;
  }

  if (!equalJson(clean(spec), clean(before))) {
    const why =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    out.forbidden('spec', `${why}\n${changesOf(before, spec)}`);
  }

  const size = (claim: Fields) => claim.spec?.resources?.requests?.storage;
  if (
    compareAmounts(size(object), size(old)) < 0 &&
    compareAmounts(size(object), old.status?.capacity?.storage) <= 0
  ) {
    out.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
  }

  out.immutable('volumeMode', object.spec?.volumeMode, old.spec?.volumeMode);
}

const clean = (value: unknown) => JSON.parse(JSON.stringify(value));

/** PersistentVolumeClaims. */
export const claims: Validator = (object, old, out) => {
  validateClaimSpec(object.spec ?? {}, 'spec', out);
  if (old !== undefined) {
    validateClaimUpdate(object, old, out);
  }
};
