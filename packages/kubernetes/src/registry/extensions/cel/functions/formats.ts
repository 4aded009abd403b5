import { hasFormat } from '@ks-apiserver/apimachinery/schema/formats';
import {
  dns1035LabelErrors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { type Environment, Optional } from '@marcbachmann/cel-js';

class NamedFormat {
  readonly validate: (text: string) => string[];

  constructor(validate: (text: string) => string[]) {
    this.validate = validate;
  }
}

/** The prefix of a generated name is valid if the name with a suffix is. */
const asPrefix = (check: (text: string) => string[]) => (text: string) =>
  check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const ofSchema = (format: string, why: string) => (text: string) =>
  hasFormat(text, format) ? [] : [why];

const FORMATS = new Map(
  Object.entries({
    dns1123Label: dnsLabelErrors,
    dns1123Subdomain: dnsSubdomainErrors,
    dns1035Label: dns1035LabelErrors,
    qualifiedName: qualifiedNameErrors,
    dns1123LabelPrefix: asPrefix(dnsLabelErrors),
    dns1123SubdomainPrefix: asPrefix(dnsSubdomainErrors),
    dns1035LabelPrefix: asPrefix(dns1035LabelErrors),
    labelValue: labelValueErrors,
    uri: ofSchema('uri', 'invalid URI for request'),
    uuid: ofSchema('uuid', 'does not match the UUID format'),
    byte: ofSchema('byte', 'invalid base64'),
    date: ofSchema('date', 'invalid date'),
    datetime: ofSchema('date-time', 'invalid datetime'),
  }).map(([name, validate]) => [name, new NamedFormat(validate)]),
);

/** Kubernetes' library of named formats. */
export function addFormats(environment: Environment): void {
  class Formats {}

  const type = 'kubernetes.NamedFormat';
  environment
    .registerType(type, NamedFormat)
    .registerType('kubernetes.Formats', Formats)
    .registerConstant('format', 'kubernetes.Formats', new Formats())
    .registerFunction(
      `kubernetes.Formats.named(string): optional<${type}>`,
      (_: Formats, name: string) => {
        const found = FORMATS.get(name);
        return found ? Optional.of(found) : Optional.none();
      },
    )
    .registerFunction(
      `${type}.validate(string): optional<list<string>>`,
      (self: NamedFormat, text: string) => {
        const errors = self.validate(text);
        return errors.length > 0 ? Optional.of(errors) : Optional.none();
      },
    );

  for (const [name, format] of FORMATS) {
    environment.registerFunction(`kubernetes.Formats.${name}(): ${type}`, () => format);
  }
}
