import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import { dnsLabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each, sortedMap } from '../causes.ts';
import { validatePodTemplate } from '../pods/pod.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';

/** A path that begins with a domain, such as `acme.io/foo`. */
export function validateDomainPath(path: string, at: string, out: Causes): void {
  if (path === '') {
    out.required(at);
    return;
  }

  const slash = path.indexOf('/');
  const [host, rest] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
  if (slash < 0 || host === '' || rest === '') {
    out.invalid(at, path, 'must be a domain-prefixed path (such as "acme.io/foo")');
    return;
  }

  out.each(at, host, dnsSubdomainErrors(host));

  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) {
    out.invalid(
      at,
      rest,
      "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
    );
  }
}

const manyIndexes = 100_000;
const fewIndexes = 10_000;

function validateIndexed(spec: Fields, at: string, out: Causes): void {
  const { completions, parallelism, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const most = (field: string, value: number, limit: number, when: string) =>
    out.invalid(`${at}.${field}`, value, `must be less than or equal to ${limit}${when}`);

  if (completions === undefined) {
    out.required(`${at}.completions`, 'when completion mode is Indexed');
  }
  if (parallelism > manyIndexes) {
    most('parallelism', parallelism, manyIndexes, ' when completion mode is Indexed');
  }
  if (completions !== undefined && failed > completions) {
    out.invalid(`${at}.maxFailedIndexes`, failed, 'must be less than or equal to completions');
  }
  if (failed > manyIndexes) {
    most('maxFailedIndexes', failed, manyIndexes, '');
  }
  if (!(completions > manyIndexes) || backoffLimitPerIndex === undefined) {
    return;
  }

  if (failed === undefined) {
    out.required(
      `${at}.maxFailedIndexes`,
      `must be specified when completions is above ${manyIndexes}`,
    );
  }

  const when = ` when completions are above ${manyIndexes} and used with backoff limit per index`;

  if (parallelism > fewIndexes) {
    most('parallelism', parallelism, fewIndexes, when);
  }
  if (failed > fewIndexes) {
    most('maxFailedIndexes', failed, fewIndexes, when);
  }
}

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
];

/** Validates the spec of a Job or of a CronJob's template. */
export function validateJobSpec(spec: Fields, at: string, out: Causes): void {
  for (const name of counts) {
    out.notNegative(`${at}.${name}`, spec[name]);
  }

  const {
    managedBy,
    completionMode: mode,
    podFailurePolicy,
    successPolicy,
    podReplacementPolicy,
    template = {},
  } = spec;

  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    out.required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified');
  }

  if (managedBy !== undefined) {
    validateDomainPath(managedBy, `${at}.managedBy`, out);
    if (managedBy.length > 63) {
      out.tooLong(`${at}.managedBy`, 63);
    }
  }

  if (mode !== undefined) {
    out.supported(`${at}.completionMode`, mode, ['NonIndexed', 'Indexed']);
  }
  if (mode === 'Indexed') {
    validateIndexed(spec, at, out);
  }

  if (mode === undefined || mode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
      if (spec[name] !== undefined) {
        out.invalid(`${at}.${name}`, spec[name], 'requires indexed completion mode');
      }
    }
  }

  if (podFailurePolicy) {
    validateFailurePolicy(spec, `${at}.podFailurePolicy`, out);
  }

  if (successPolicy) {
    if (mode === 'Indexed') {
      validateSuccessPolicy(spec, `${at}.successPolicy`, out);
    } else {
      out.invalid(
        `${at}.successPolicy`,
        toGoSuccessPolicy(successPolicy),
        'requires indexed completion mode',
      );
    }
  }

  if (podReplacementPolicy !== undefined) {
    const allowed = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
    out.supported(`${at}.podReplacementPolicy`, podReplacementPolicy, allowed);
  }

  validatePodTemplate(template, `${at}.template`, out);

  const { restartPolicy = '' } = template.spec ?? {};
  const field = `${at}.template.spec.restartPolicy`;

  if (restartPolicy === '' || restartPolicy === 'Always') {
    out.required(field, 'valid values: "OnFailure", "Never"');
  } else if (!['OnFailure', 'Never'].includes(restartPolicy)) {
    out.unsupported(field, restartPolicy, ['OnFailure', 'Never']);
  } else if (podFailurePolicy && restartPolicy !== 'Never') {
    out.invalid(
      field,
      restartPolicy,
      'only "Never" is supported when podFailurePolicy is specified',
    );
  }
}

/** A success policy as Kubernetes prints it. */
function toGoSuccessPolicy({ rules = [] }: Fields): Fields {
  const shown = ({ succeededIndexes = null, succeededCount = null }: Fields) => ({
    SucceededIndexes: succeededIndexes,
    SucceededCount: succeededCount,
  });

  return { Rules: rules.length > 0 ? rules.map(shown) : null };
}

/** Whether a selector matches labels; an invalid one is reported elsewhere. */
function selects(selector: Fields, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return labelSelectorFrom(selector).matches(labels);
  } catch {
    return true;
  }
}

function validateOwnLabels({ metadata, spec = {} }: Fields, out: Causes): void {
  if (spec.manualSelector === true || spec.selector === undefined) {
    return;
  }

  const labels = spec.template?.metadata?.labels ?? {};
  const expected: Record<string, string> = {};

  for (const prefix of ['', 'batch.kubernetes.io/']) {
    for (const [name, value] of Object.entries({
      'controller-uid': metadata.uid,
      'job-name': metadata.name ?? '',
    })) {
      const key = `${prefix}${name}`;
      const field = `spec.template.metadata.labels[${key}]`;

      expected[key] = value;
      if (labels[key] === undefined) {
        out.required(field, `must be '${value}'`);
      } else if (labels[key] !== value) {
        out.invalid(field, sortedMap(labels), `must be '${value}'`);
      }
    }
  }

  if (!selects(spec.selector, expected)) {
    out.invalid('spec.selector', spec.selector, '`selector` not auto-generated');
  }
}

function validateSelector(spec: Fields, out: Causes): void {
  if (spec.selector === undefined) {
    out.required('spec.selector');
  } else {
    validateLabelSelector(spec.selector, 'spec.selector', out);
  }

  const labels = spec.template?.metadata?.labels;
  if (spec.selector === undefined || !selects(spec.selector, labels)) {
    out.invalid(
      'spec.template.metadata.labels',
      sortedMap(labels) ?? null,
      '`selector` does not match template `labels`',
    );
  }
}

const clean = (value: unknown) => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

/** The scheduling and resources of a suspended Job can still change. */
function validateTemplateUpdate(now: Fields, old: Fields, out: Causes): void {
  const [template, before] = [clean(now.template ?? {}), clean(old.template ?? {})];

  if (old.suspend !== true) {
    if (!equalJson(template, before)) {
      out.invalid('spec.template', template, 'field is immutable');
    }
    return;
  }

  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates']) {
    before.spec[field] = template.spec[field];
  }

  if (template.spec.affinity || before.spec.affinity) {
    const { nodeAffinity } = template.spec.affinity ?? {};
    const affinity = { ...before.spec.affinity, nodeAffinity };
    before.spec.affinity =
      template.spec.affinity || affinity.podAffinity || affinity.podAntiAffinity
        ? affinity
        : undefined;
  }

  for (const name of ['containers', 'initContainers']) {
    each<Fields>(before.spec[name], '', (container, _at, index) => {
      const other = template.spec[name]?.[index];
      if (other?.name === container.name) {
        container.resources = other.resources;
      }
    });
  }

  if (!equalJson(clean(template.spec), clean(before.spec))) {
    out.invalid('spec.template.spec', template.spec, 'field is immutable');
  }
}

const job: Validator = (object, old, out) => {
  const { metadata, spec = {} } = object;

  validateOwnLabels(object, out);
  validateJobSpec(spec, 'spec', out);
  validateSelector(spec, out);

  if (old) {
    // Kubernetes validates the whole Job again with its changes.
    validateJobSpec(spec, 'spec', out);
    validateSelector(spec, out);

    const before = old.spec ?? {};

    if (spec.completionMode !== 'Indexed') {
      out.immutable('spec.completions', spec.completions, before.completions);
    } else if (spec.completions !== before.completions && spec.completions !== spec.parallelism) {
      out.invalid(
        'spec.completions',
        spec.completions,
        'can only be modified in tandem with spec.parallelism',
      );
    }

    out.immutable('spec.selector', spec.selector, before.selector);
    validateTemplateUpdate(spec, before, out);

    for (const name of [
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
      'managedBy',
      'successPolicy',
    ]) {
      out.immutable(`spec.${name}`, spec[name], before[name]);
    }

    return;
  }

  if (spec.completionMode !== 'Indexed' || !(spec.completions > 0)) {
    return;
  }

  const hostname = `${metadata.name}-${spec.completions - 1}`;
  if (dnsLabelErrors(hostname).length > 0) {
    out.invalid(
      'metadata.name',
      metadata.name,
      `will not able to create pod with invalid DNS label: ${hostname}`,
    );
  }
};

/** Rules of Jobs, by `group/Kind`. */
export const jobRules: Readonly<Record<string, Validator>> = { 'batch/Job': job };
