import { quote } from './field.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const partMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

// One library of Kubernetes counts labels in bytes, an older one counts names in characters; here
// both are counted in bytes.
function maxLength(length: number, unit: string): string {
  return `must be no more than ${length} ${unit}`;
}

/** Longer texts are refused by their length alone: the expressions below would be slow on them. */
const longestTried = 4096;

function check(
  text: string,
  limit: number,
  pattern: RegExp,
  message: string,
  unit = 'characters',
): string[] {
  const errors = Buffer.byteLength(text) > limit ? [maxLength(limit, unit)] : [];
  return text.length > longestTried || pattern.test(text) ? errors : [...errors, message];
}

/** What is wrong with a lower-case RFC 1123 label of 63 bytes at most; empty when nothing is. */
export function dnsLabelErrors(text: string): string[] {
  const dotted = text.length <= longestTried && subdomain.test(text);
  return check(text, 63, label, dotted ? 'must not contain dots' : labelMessage);
}

/** What is wrong with an RFC 1035 label (it starts with a letter) of 63 bytes at most. */
export function dns1035LabelErrors(text: string): string[] {
  return check(text, 63, label1035, label1035Message);
}

/** What is wrong with a lower-case RFC 1123 subdomain of 253 bytes at most. */
export function dnsSubdomainErrors(text: string): string[] {
  return check(text, 253, subdomain, subdomainMessage);
}

/** What is wrong with a label value (63 bytes at most, may be empty). */
export function labelValueErrors(text: string): string[] {
  return check(text, 63, labelValue, valueMessage, 'bytes');
}

/** What is wrong with a qualified name `[prefix/]name`, the form of label and annotation keys. */
export function qualifiedNameErrors(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${partMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }

  const errors: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;

  if (prefix !== undefined) {
    if (prefix === '') {
      errors.push('prefix part must be non-empty');
    } else {
      errors.push(
        ...dnsSubdomainErrors(prefix).map(
          (error) => `prefix part ${error.replace(/ characters$/, ' bytes')}`,
        ),
      );
    }
  }

  if (name === '') {
    errors.push('name part must be non-empty');
  } else if (Buffer.byteLength(name) > 63) {
    errors.push(`name part ${maxLength(63, 'bytes')}`);
  }

  if (name.length <= longestTried && !qualifiedPart.test(name)) {
    errors.push(`name part ${partMessage}`);
  }

  return errors;
}

/** What is wrong with one segment of a URL path, the rule for names of RBAC objects. */
export function pathSegmentErrors(text: string): string[] {
  if (text === '.' || text === '..') {
    return [`may not be ${quote(text).replaceAll('"', "'")}`];
  }

  return ['/', '%']
    .filter((char) => text.includes(char))
    .map((char) => `may not contain '${char}'`);
}
