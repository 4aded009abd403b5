import { dnsLabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import type { Validator } from '../validator.ts';

const verbs = 'create delete deletecollection get list patch proxy update watch'.split(' ');
const maxPrecedence = 10_000;

/**
 * Validates that `*` is the only item of its list; returns whether the items need further
 * validation.
 */
function validateWildcard(list: readonly string[], at: string, what: string, out: Causes): boolean {
  if (!list.includes('*')) {
    return true;
  }
  if (list.length > 1) {
    out.invalid(at, list, `if '*' is present, must not specify other ${what}`);
  }

  return false;
}

function validateRuleVerbs(list: readonly string[], at: string, out: Causes): void {
  if (list.length === 0) {
    out.required(at, 'verbs must contain at least one value');
  } else if (
    validateWildcard(list, at, 'verbs', out) &&
    list.some((verb) => !verbs.includes(verb))
  ) {
    out.add(unsupportedList(at, list));
  }
}

/** Kubernetes prints the whole list where one item is not supported. */
function unsupportedList(field: string, list: readonly string[]) {
  const supported = verbs.map((verb) => JSON.stringify(verb)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(list)}: supported values: ${supported}`;
  return { reason: 'FieldValueNotSupported', message, field };
}

function pathFault(path: string): string | undefined {
  if (path === '') {
    return 'must not be empty';
  }
  if (path === '/') {
    return undefined;
  }
  if (!path.startsWith('/')) {
    return 'must start with slash';
  }
  if (path.includes(' ')) {
    return 'must not contain white-space';
  }
  if (path.includes('//')) {
    return 'must not contain double slash';
  }

  const stars = path.split('*').length - 1;

  return stars > 1 || (stars === 1 && !path.endsWith('/*'))
    ? 'wildcard can only do suffix matching'
    : undefined;
}

function validateResourceRule(rule: Fields, at: string, out: Causes): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope } = rule;
  validateRuleVerbs(verbs, `${at}.verbs`, out);

  if (apiGroups.length === 0) {
    out.required(`${at}.apiGroups`, 'resource rules must supply at least one api group');
  } else {
    validateWildcard(apiGroups, `${at}.apiGroups`, 'api groups', out);
  }

  if (resources.length === 0) {
    out.required(`${at}.resources`, 'resource rules must supply at least one resource');
  } else {
    validateWildcard(resources, `${at}.resources`, 'resources', out);
  }

  const field = `${at}.namespaces`;

  if (namespaces.length === 0 && clusterScope !== true) {
    out.required(
      field,
      'resource rules that are not cluster scoped must supply at least one namespace',
    );
  } else if (validateWildcard(namespaces, field, 'namespaces', out)) {
    const intro = "each member of this list must be '*' or a DNS-1123 label; ";
    each<string>(namespaces, field, (name, path) =>
      out.each(
        path,
        name,
        dnsLabelErrors(name).map((error) => intro + error),
      ),
    );
  }
}

function validateOtherRule(
  { verbs = [], nonResourceURLs: urls = [] }: Fields,
  at: string,
  out: Causes,
): void {
  validateRuleVerbs(verbs, `${at}.verbs`, out);

  const field = `${at}.nonResourceURLs`;

  if (urls.length === 0) {
    out.required(field, 'nonResourceURLs must contain at least one value');
  } else if (validateWildcard(urls, field, 'non-resource URLs', out)) {
    each<string>(urls, field, (url, path) => {
      const fault = pathFault(url);
      if (fault) {
        out.invalid(path, url, fault);
      }
    });
  }
}

function validateServiceAccount(
  { name = '', namespace = '' }: Fields,
  at: string,
  out: Causes,
): void {
  if (name === '') {
    out.required(`${at}.name`);
  } else if (name !== '*') {
    out.dnsSubdomain(`${at}.name`, name);
  }

  if (namespace === '') {
    out.required(`${at}.namespace`, 'must specify namespace for service account');
  } else {
    out.dnsLabel(`${at}.namespace`, namespace);
  }
}

/** Kinds of subjects by the fields that hold them. */
const holders: Readonly<Record<string, string>> = {
  ServiceAccount: 'serviceAccount',
  User: 'user',
  Group: 'group',
};

function validateSubject(given: Fields, at: string, out: Causes): void {
  const { kind = '' } = given;
  const own = Object.hasOwn(holders, kind) ? holders[kind] : undefined;
  if (own === undefined) {
    out.unsupported(`${at}.kind`, kind, ['Group', 'ServiceAccount', 'User']);
    return;
  }

  const path = `${at}.${own}`;

  if (given[own] === undefined) {
    out.required(path, `${own} is required when subject kind is '${kind}'`);
  } else if (own === 'serviceAccount') {
    validateServiceAccount(given[own], path, out);
  } else if (!given[own].name) {
    out.required(`${path}.name`);
  }

  for (const [other, field] of Object.entries(holders)) {
    if (field !== own && given[field] !== undefined) {
      out.forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${other}'`);
    }
  }
}

const flowSchema: Validator = ({ metadata, spec = {} }, _old, out) => {
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method, rules } = spec;
  const field = 'spec.matchingPrecedence';

  if (precedence <= 0) {
    out.invalid(field, precedence, 'must be a positive value');
  }
  if (precedence > maxPrecedence) {
    out.invalid(field, precedence, `must not be greater than ${maxPrecedence}`);
  }
  if (precedence === 1 && metadata.name !== 'exempt') {
    out.invalid(field, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  }

  if (method && !['ByNamespace', 'ByUser'].includes(method.type)) {
    out.unsupported('spec.distinguisherMethod.type', { Type: method.type ?? '' }, [
      'ByNamespace',
      'ByUser',
    ]);
  }

  const level = spec.priorityLevelConfiguration?.name ?? '';
  const at = 'spec.priorityLevelConfiguration.name';

  if (level === '') {
    out.required(at, 'must reference a priority level');
  } else {
    out.each(at, level, dnsSubdomainErrors(level));
  }

  each<Fields>(
    rules,
    'spec.rules',
    ({ subjects = [], resourceRules = [], nonResourceRules = [] }, path) => {
      if (subjects.length === 0) {
        out.required(`${path}.subjects`, 'subjects must contain at least one value');
      }

      each<Fields>(subjects, `${path}.subjects`, (item, place) =>
        validateSubject(item, place, out),
      );

      if (resourceRules.length === 0 && nonResourceRules.length === 0) {
        out.required(
          path,
          'at least one of resourceRules and nonResourceRules has to be non-empty',
        );
      }

      each<Fields>(resourceRules, `${path}.resourceRules`, (item, place) =>
        validateResourceRule(item, place, out),
      );
      each<Fields>(nonResourceRules, `${path}.nonResourceRules`, (item, place) =>
        validateOtherRule(item, place, out),
      );
    },
  );
};

function validatePercent(value: number | undefined, at: string, out: Causes): void {
  if (value !== undefined && (value < 0 || value > 100)) {
    out.invalid(at, value, 'must be between 0 and 100, inclusive');
  }
}

function validateShares(
  { nominalConcurrencyShares: value = 0 }: Fields,
  at: string,
  out: Causes,
): void {
  if (value < 0) {
    out.invalid(`${at}.nominalConcurrencyShares`, value, 'must be a non-negative integer');
  }
}

const maxQueues = 10_000_000;

/** The entropy in bits of shuffle sharding requests to queues. */
const hashBits = 60;

function validateQueuing(
  { queues = 0, queueLengthLimit = 0, handSize = 0 }: Fields,
  at: string,
  out: Causes,
): void {
  if (queueLengthLimit <= 0) {
    out.invalid(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive');
  }

  if (queues <= 0) {
    out.invalid(`${at}.queues`, queues, 'must be positive');
  } else if (queues > maxQueues) {
    out.invalid(`${at}.queues`, queues, `must not be greater than ${maxQueues}`);
  }

  const field = `${at}.handSize`;

  if (handSize <= 0) {
    out.invalid(field, handSize, 'must be positive');
  } else if (handSize > queues) {
    out.invalid(field, handSize, `should not be greater than queues (${queues})`);
  } else if (Math.ceil(Math.log2(queues) * handSize) > hashBits) {
    const needed = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    out.invalid(field, handSize, `${needed} should not be greater than ${hashBits}`);
  }
}

const priorityLevel: Validator = ({ metadata, spec = {} }, _old, out) => {
  const { type = '', limited, exempt } = spec;
  if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
    out.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'");
  }

  if (type === 'Exempt') {
    if (limited) {
      out.forbidden('spec.limited', 'must be nil if the type is not Limited');
    }
    if (exempt) {
      validateShares(exempt, 'spec.exempt', out);
    }

    validatePercent(exempt?.lendablePercent, 'spec.exempt.lendablePercent', out);
  } else if (type === 'Limited') {
    if (exempt) {
      out.forbidden('spec.exempt', 'must be nil if the type is Limited');
    }

    if (limited) {
      validateLimitedLevel(limited, out);
    } else {
      out.required('spec.limited', 'must not be empty when type is Limited');
    }
  } else if (type === '') {
    out.required('spec.type');
  } else {
    out.unsupported('spec.type', type, ['Exempt', 'Limited']);
  }
};

function validateLimitedLevel(limited: Fields, out: Causes): void {
  const {
    limitResponse: response = {},
    lendablePercent,
    borrowingLimitPercent: borrowing,
  } = limited;

  validateShares(limited, 'spec.limited', out);

  const at = 'spec.limited.limitResponse';
  const { type = '' } = response;
  if (type === 'Reject') {
    if (response.queuing) {
      out.forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited');
    }
  } else if (type === 'Queue') {
    if (response.queuing) {
      validateQueuing(response.queuing, `${at}.queuing`, out);
    } else {
      out.required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited');
    }
  } else if (type === '') {
    out.required(`${at}.type`);
  } else {
    out.unsupported(`${at}.type`, type, ['Queue', 'Reject']);
  }

  validatePercent(lendablePercent, 'spec.limited.lendablePercent', out);

  if (borrowing < 0) {
    out.invalid(
      'spec.limited.borrowingLimitPercent',
      borrowing,
      'if specified, must be a non-negative integer',
    );
  }
}

/** Rules of flowcontrol.apiserver.k8s.io, by `group/Kind`. */
export const flowControlRules: Readonly<Record<string, Validator>> = {
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchema,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevel,
};
