import type { Environment } from '@marcbachmann/cel-js';
import { declared } from '../../extensions/cel/environment.ts';

/** A type without values: policies are validated here, but not evaluated. */
class Authorizer {}

class PathCheck {}

class GroupCheck {}

class ResourceCheck {}

class Decision {}

const NAMES = { Authorizer, PathCheck, GroupCheck, ResourceCheck, Decision };

const FUNCTIONS = `
Authorizer.path(string): PathCheck
Authorizer.serviceAccount(string, string): Authorizer
Authorizer.group(string): GroupCheck
GroupCheck.resource(string): ResourceCheck
ResourceCheck.subresource(string): ResourceCheck
ResourceCheck.namespace(string): ResourceCheck
ResourceCheck.name(string): ResourceCheck
ResourceCheck.fieldSelector(string): ResourceCheck
ResourceCheck.labelSelector(string): ResourceCheck
PathCheck.check(string): Decision
ResourceCheck.check(string): Decision
Decision.allowed(): bool
Decision.reason(): string
Decision.error(): string
Decision.errored(): bool
`;

function createEnvironment(): Environment {
  const environment = declared.clone();

  for (const [name, type] of Object.entries(NAMES)) {
    environment.registerType(`policy.${name}`, type);
  }

  for (const line of FUNCTIONS.trim().split('\n')) {
    const signature = line.replace(
      /\b(?:Authorizer|PathCheck|GroupCheck|ResourceCheck|Decision)\b/g,
      'policy.$&',
    );

    environment.registerFunction(signature, () => {
      throw new Error('policies are not evaluated');
    });
  }

  return environment
    .registerVariable('object', 'dyn')
    .registerVariable('oldObject', 'dyn')
    .registerVariable('namespaceObject', 'dyn')
    .registerVariable('request', 'map')
    .registerVariable('authorizer', 'policy.Authorizer');
}

let plain: Environment | undefined;
let parameterized: Environment | undefined;

/** What a policy declares for its expressions. */
interface PolicyDeclarations {
  hasParams: boolean;
  variables?: readonly string[];
}

/** The environment in which expressions of a policy are checked. */
export function policyEnvironment({ hasParams, variables }: PolicyDeclarations): Environment {
  plain ??= createEnvironment();
  parameterized ??= createEnvironment().registerVariable('params', 'dyn');

  const environment = hasParams ? parameterized : plain;
  if (!variables?.length) {
    return environment;
  }

  const fields = Object.fromEntries(variables.map((name) => [name, 'dyn']));

  return environment
    .clone()
    .registerType('policy.Variables', { fields })
    .registerVariable('variables', 'policy.Variables');
}
