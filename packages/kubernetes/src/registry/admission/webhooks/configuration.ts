import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type LabelSelector, labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import { listOf } from '../../resources/core-types.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import type { ClientConfig } from '../../webhook-client/target.ts';
import type { Attributes, Operation } from '../attributes.ts';

interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

/**
 * One webhook (admissionregistration/v1 MutatingWebhook, ValidatingWebhook) with its selectors
 * parsed.
 */
export interface Webhook {
  /** Unique: configuration, position and name. */
  id: string;
  name: string;
  clientConfig: ClientConfig;
  rules: readonly Rule[];
  failurePolicy: 'Fail' | 'Ignore';
  matchPolicy: 'Exact' | 'Equivalent';
  namespaceSelector: LabelSelector;
  objectSelector: LabelSelector;
  sideEffects: string;
  timeoutSeconds: number;
  admissionReviewVersions: readonly string[];
  matchConditions: readonly { name: string; expression: string }[];
  reinvocationPolicy: 'Never' | 'IfNeeded';
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/** The webhooks of a configuration. */
export function webhooksOf(configuration: KubeObject): Webhook[] {
  // biome-ignore lint/suspicious/noExplicitAny: the fields are those of the API; its validation checked them.
  return listOf<any>(configuration.webhooks).map((hook, index) => ({
    id: `${configuration.metadata.name}/${index}/${hook.name}`,
    name: hook.name,
    clientConfig: hook.clientConfig ?? {},
    rules: hook.rules ?? [],
    failurePolicy: hook.failurePolicy ?? 'Fail',
    matchPolicy: hook.matchPolicy ?? 'Equivalent',
    namespaceSelector: labelSelectorFrom(hook.namespaceSelector ?? {}),
    objectSelector: labelSelectorFrom(hook.objectSelector ?? {}),
    sideEffects: hook.sideEffects ?? 'Unknown',
    timeoutSeconds: hook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    admissionReviewVersions: hook.admissionReviewVersions ?? [],
    matchConditions: hook.matchConditions ?? [],
    reinvocationPolicy: hook.reinvocationPolicy ?? 'Never',
  }));
}

type Requested = Pick<Attributes, 'operation' | 'subresource' | 'namespace'>;

const has = (items: readonly string[] | undefined, wanted: string) =>
  items?.some((item) => item === '*' || item === wanted) === true;

function ruleMatches(
  rule: Rule,
  type: ResourceType,
  { operation, subresource, namespace }: Requested,
): boolean {
  const clusterScoped = namespace === '' || (type.group === '' && type.resource === 'namespaces');
  if (rule.scope === 'Namespaced' && clusterScoped) {
    return false;
  }
  if (rule.scope === 'Cluster' && !clusterScoped) {
    return false;
  }
  if (!has(rule.operations, operation satisfies Operation)) {
    return false;
  }
  if (!has(rule.apiGroups, type.group) || !has(rule.apiVersions, type.version)) {
    return false;
  }

  return (rule.resources ?? []).some((item) => {
    const [resource, sub = ''] = item.split('/', 2);
    return (resource === '*' || resource === type.resource) && (sub === '*' || sub === subresource);
  });
}

/**
 * The version of the resource that a webhook gets for a write: that of the request where a rule
 * names it; with matchPolicy Equivalent another version that a rule names; undefined where no rule
 * matches.
 */
export function matchedType(
  hook: Pick<Webhook, 'rules' | 'matchPolicy'>,
  attributes: Requested & { type: ResourceType },
  equivalents: (type: ResourceType) => readonly ResourceType[],
): ResourceType | undefined {
  const { type } = attributes;
  if (hook.rules.some((rule) => ruleMatches(rule, type, attributes))) {
    return type;
  }
  if (hook.matchPolicy !== 'Equivalent') {
    return undefined;
  }

  const others = equivalents(type).filter((other) => other !== type);

  for (const rule of hook.rules) {
    const found = others.find((other) => ruleMatches(rule, other, attributes));
    if (found) {
      return found;
    }
  }

  return undefined;
}

/** Whether the labels of a write's old or new object satisfy a selector. */
export function selectsObject(
  selector: LabelSelector,
  { object, old }: Pick<Attributes, 'object' | 'old'>,
): boolean {
  if (selector.empty) {
    return true;
  }

  return [object, old].some(
    (item) => item !== undefined && selector.matches(item.metadata?.labels),
  );
}
