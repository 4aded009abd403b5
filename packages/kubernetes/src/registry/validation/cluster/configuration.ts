import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { configKeyErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import type { Causes } from '../causes.ts';
import type { Validator } from '../validator.ts';

/** Most bytes in all values of a ConfigMap or Secret. */
const maxBytes = 1024 * 1024;
const frozenDetail = 'field is immutable when `immutable` is set';

function validateFrozen(
  object: Fields,
  old: Fields | undefined,
  fields: readonly string[],
  out: Causes,
): void {
  if (old?.immutable !== true) {
    return;
  }
  if (object.immutable !== true) {
    out.forbidden('immutable', frozenDetail);
  }

  for (const field of fields) {
    if (!equalJson(object[field] ?? {}, old[field] ?? {})) {
      out.forbidden(field, frozenDetail);
    }
  }
}

function byteLength(base64: unknown): number {
  return Buffer.byteLength(String(base64), 'base64');
}

/** ConfigMaps. */
export const configMaps: Validator = (object, old, out) => {
  validateFrozen(object, old, ['data', 'binaryData'], out);

  const { data = {}, binaryData = {} } = object;
  let size = 0;

  for (const [key, value] of Object.entries(data)) {
    out.each(`data[${key}]`, key, configKeyErrors(key));

    if (Object.hasOwn(binaryData, key)) {
      out.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    }

    size += Buffer.byteLength(String(value));
  }

  for (const [key, value] of Object.entries(binaryData)) {
    out.each(`binaryData[${key}]`, key, configKeyErrors(key));
    size += byteLength(value);
  }

  // The path that Kubernetes prints for no field.
  if (size > maxBytes) {
    out.tooLong('[]', maxBytes);
  }
};

const accountName = 'kubernetes.io/service-account.name';

const docker: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};

function goError(text: string, error: Error): string {
  if (text === '') {
    return 'unexpected end of JSON input';
  }

  const bad = /Unexpected token '?(.)'?/.exec(error.message)?.[1];

  return bad
    ? `invalid character '${bad}' looking for beginning of value`
    : 'unexpected end of JSON input';
}

function validateDockerConfig(value: string | undefined, key: string, out: Causes): void {
  if (value === undefined) {
    out.required(`data[${key}]`);
    return;
  }

  const text = Buffer.from(value, 'base64').toString();

  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || (typeof parsed === 'object' && !Array.isArray(parsed))) {
      return;
    }

    const scalar = typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    const type = Array.isArray(parsed) ? 'array' : scalar;

    const why = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
    out.invalid(`data[${key}]`, '<secret contents redacted>', why);
  } catch (error) {
    out.invalid(`data[${key}]`, '<secret contents redacted>', goError(text, error as Error));
  }
}

/** Secrets; some types require keys. */
export const secrets: Validator = (object, old, out) => {
  const { data = {}, type = '', metadata } = object;

  if (old) {
    out.immutable('type', type, old.type ?? '');
  }

  validateFrozen(object, old, ['data'], out);

  let size = 0;

  for (const [key, value] of Object.entries(data)) {
    out.each(`data[${key}]`, key, configKeyErrors(key));
    size += byteLength(value);
  }

  if (size > maxBytes) {
    out.tooLong('data', maxBytes);
  }

  const wants = (...keys: readonly string[]) => {
    for (const key of keys) {
      if (!Object.hasOwn(data, key)) {
        out.required(`data[${key}]`);
      }
    }
  };

  if (docker[type]) {
    validateDockerConfig(data[docker[type]], docker[type], out);
  } else if (type === 'kubernetes.io/tls') {
    wants('tls.crt', 'tls.key');
  } else if (type === 'kubernetes.io/ssh-auth' && !data['ssh-privatekey']) {
    out.required('data[ssh-privatekey]');
  } else if (type === 'kubernetes.io/basic-auth' && data.username === undefined) {
    if (data.password === undefined) {
      wants('username', 'password');
    }
  } else if (
    type === 'kubernetes.io/service-account-token' &&
    !metadata.annotations?.[accountName]
  ) {
    out.required(`metadata.annotations[${accountName}]`);
  }
};
