import { element, find, textAt, type XmlElement } from './element.ts';
import { defined, type JobParameter } from './job-spec.ts';

/** Types of parameters by the class of their definition. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['hudson.model.StringParameterDefinition', 'string'],
  ['hudson.model.ChoiceParameterDefinition', 'choice'],
  ['hudson.model.TextParameterDefinition', 'text'],
  ['hudson.model.BooleanParameterDefinition', 'boolean'],
  ['hudson.model.FileParameterDefinition', 'file'],
  ['hudson.model.PasswordParameterDefinition', 'password'],
]);

const CLASSES = new Map([...TYPES].map(([className, type]) => [type, className]));

/** A secret as Jenkins keeps it: encrypted. */
const ENCRYPTED = /^\{[\w+/=]+\}$/;

/** Writes parameters; those of unknown types are left out, as 3.0 does. */
export function writeParameters(
  parameters: readonly JobParameter[] | undefined,
): XmlElement | undefined {
  if (!parameters) {
    return undefined;
  }

  return element('hudson.model.ParametersDefinitionProperty', [
    element('parameterDefinitions', parameters.map(writeParameter)),
  ]);
}

function writeParameter(parameter: JobParameter): XmlElement | undefined {
  const className = CLASSES.get(parameter.type ?? '');
  if (className === undefined) {
    return undefined;
  }

  return element(className, [
    element('name', parameter.name),
    element('description', parameter.description),
    writeDefault(parameter),
  ]);
}

function writeDefault({ type, default_value = '' }: JobParameter): XmlElement | undefined {
  if (type === 'file') {
    return undefined;
  }
  if (type !== 'choice') {
    return element('defaultValue', default_value);
  }

  const strings = default_value.split('\n').map((choice) => element('string', choice));
  const list = element('a', strings, { class: 'string-array' });

  return element('choices', [list], { class: 'java.util.Arrays$ArrayList' });
}

/** Reads parameters; one of an unknown class has its class as its type. */
export function readParameters(properties: XmlElement | undefined): JobParameter[] | undefined {
  const definitions = find(
    properties,
    'hudson.model.ParametersDefinitionProperty',
    'parameterDefinitions',
  )?.children.map(readParameter);

  return definitions && definitions.length > 0 ? definitions : undefined;
}

function readParameter(definition: XmlElement): JobParameter {
  const type = TYPES.get(definition.name) ?? definition.name;

  return defined<JobParameter>({
    name: textAt(definition, 'name'),
    description: textAt(definition, 'description'),
    type,
    default_value: type === 'choice' ? readChoices(definition) : textAt(definition, 'defaultValue'),
  });
}

/** Reads choices in the form of `Arrays.asList`, or the plain one of later versions of Jenkins. */
function readChoices(definition: XmlElement): string | undefined {
  const choices = find(definition, 'choices');
  const list = find(choices, 'a') ?? choices;

  return list?.children.map(({ text }) => text).join('\n') || undefined;
}

/**
 * Returns parameters with the encrypted defaults of others in place of their own: nobody can
 * compare those.
 */
export function withEncryptedDefaults(
  parameters: readonly JobParameter[],
  stored: readonly JobParameter[],
): JobParameter[] {
  return parameters.map((parameter, index) => {
    const { type, default_value } = stored[index] ?? {};
    const isEncrypted =
      parameter.type === 'password' &&
      type === 'password' &&
      default_value !== undefined &&
      ENCRYPTED.test(default_value);

    return isEncrypted ? { ...parameter, default_value } : parameter;
  });
}
