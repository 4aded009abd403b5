import { type SecretFields, secretFieldsOf, withoutSecrets } from './redaction.ts';

const HIDDEN = '[hidden]';

/** Names of fields whose texts are credentials, in bodies of any API. */
const CREDENTIAL =
  /(password|passwd|passphrase|passcode|secret|token|kubeconfig|api_?key|private_?key|client-key-data|authorization|cookie|credential|otp)$/i;

/** Texts that are credentials wherever they stand: private keys, kubeconfigs, JWTs. */
const CREDENTIAL_TEXT =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|client-key-data|\beyJ[\w-]{10,}\.[\w-]+\./;

/** The data of Secrets; their other fields are shown. */
const SECRET_DATA: SecretFields = {
  paths: [['data'], ['stringData']],
  shownToAdministrators: false,
};

/** The same of Secrets that are propagated to members; an override may hold data, too. */
const FEDERATED_DATA: SecretFields = {
  paths: [
    ['spec', 'template', 'data'],
    ['spec', 'template', 'stringData'],
    ['spec', 'overrides'],
  ],
  shownToAdministrators: false,
};

/** Kinds that are Secrets, by `group/resource`: credentials of DevOps projects are, too. */
const SECRETS: ReadonlyMap<string, SecretFields> = new Map([
  ['/secrets', SECRET_DATA],
  ['devops.kubesphere.io/credentials', SECRET_DATA],
  ['types.kubefed.io/federatedsecrets', FEDERATED_DATA],
]);

function fieldsOf(kind: { group: string; resource: string }): SecretFields | undefined {
  return SECRETS.get(`${kind.group}/${kind.resource}`) ?? secretFieldsOf(kind);
}

/** Fields whose names say nothing, beside one that does. */
const VALUES = new Set(['value', 'default_value']);

/** Reports whether a JSON pointer (RFC 6901) of a JSON patch leads to a credential. */
function leadsToCredential(pointer: string, fields: SecretFields | undefined): boolean {
  const segments = pointer.split('/').slice(1);

  return (
    segments.some((segment) => CREDENTIAL.test(segment)) ||
    (fields?.paths ?? []).some((path) =>
      path.every((field, i) => segments[i] === undefined || segments[i] === field),
    )
  );
}

/** Reports whether the `value` of an object is a credential by what stands beside it. */
function namesCredential(object: object, fields: SecretFields | undefined): boolean {
  const { op, path, name, type } = object as Record<string, unknown>;

  if (typeof op === 'string' && typeof path === 'string') {
    return leadsToCredential(path, fields);
  }

  // Environment variables of containers, parameters of pipelines and their runs.
  return type === 'password' || (typeof name === 'string' && CREDENTIAL.test(name));
}

function withoutTexts(value: unknown, fields: SecretFields | undefined, name = ''): unknown {
  if (typeof value === 'string') {
    return CREDENTIAL.test(name) || CREDENTIAL_TEXT.test(value) ? HIDDEN : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => withoutTexts(item, fields, name));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }

  const hidesValue = namesCredential(value, fields);

  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      hidesValue && VALUES.has(key) ? HIDDEN : withoutTexts(field, fields, key),
    ]),
  );
}

/**
 * Returns a body as it may be recorded: without the data of Secrets, the secret fields of the kind,
 * and whatever is named or looks like a credential. The given value is not changed.
 */
export function withoutCredentials(
  value: unknown,
  kind: { group: string; resource: string },
): unknown {
  const fields = fieldsOf(kind);
  return withoutTexts(fields ? withoutSecrets(value, fields) : value, fields);
}
