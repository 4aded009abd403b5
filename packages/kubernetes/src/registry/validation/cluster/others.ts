import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { dnsLabelErrors, dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validateTolerations } from '../pods/scheduling.ts';
import { validateContainerResources } from '../resources.ts';
import type { Validator } from '../validator.ts';

const highestOfUsers = 1_000_000_000;

const ofSystem: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

function systemClassError({ metadata, value, globalDefault }: Fields): string | undefined {
  const { name } = metadata;
  const expected = ofSystem[name];
  if (expected === undefined) {
    return `${name} is not a known system priority class`;
  }
  if (value !== expected) {
    return `value of ${name} PriorityClass must be ${expected}`;
  }

  return globalDefault === true
    ? `globalDefault of ${name} PriorityClass must be false`
    : undefined;
}

const priorityClass: Validator = (object, old, out) => {
  const { value = 0, preemptionPolicy, metadata } = object;

  if (old) {
    if (value !== (old.value ?? 0)) {
      out.forbidden('value', 'may not be changed in an update.');
    }

    out.immutable('preemptionPolicy', preemptionPolicy, old.preemptionPolicy);
    return;
  }

  if (metadata.name?.startsWith('system-')) {
    const error = systemClassError(object);
    if (error) {
      const why =
        "priority class names with 'system-' prefix are reserved for system use only. error: ";
      out.forbidden('metadata.name', why + error);
    }
  } else if (value > highestOfUsers) {
    out.forbidden('value', `maximum allowed value of a user defined priority is ${highestOfUsers}`);
  }

  if (preemptionPolicy !== undefined) {
    out.oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }
};

const lease: Validator = ({ spec = {} }, _old, out) => {
  const { leaseDurationSeconds: duration, leaseTransitions } = spec;
  if (duration !== undefined && duration <= 0) {
    out.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
  }

  out.notNegative('spec.leaseTransitions', leaseTransitions);
};

const runtimeClass: Validator = (object, old, out) => {
  const { handler = '', overhead, scheduling } = object;

  if (old) {
    return out.immutable('handler', handler, old.handler);
  }

  if (handler === '') {
    out.required('handler');
  } else {
    out.each('handler', handler, dnsLabelErrors(handler));
  }

  if (overhead) {
    validateContainerResources({ limits: overhead.podFixed }, new Set(), 'overhead', out);
  }

  out.labels('scheduling.nodeSelector', scheduling?.nodeSelector);

  const field = 'scheduling.tolerations';
  validateTolerations(scheduling?.tolerations, field, out);

  const seen = new Set<string>();
  each<Fields>(
    scheduling?.tolerations,
    field,
    ({ key, operator, value, effect, ...rest }, path) => {
      const text = JSON.stringify([key, operator, value, effect]);
      if (seen.has(text)) {
        out.duplicate(path, {
          Key: key,
          Operator: operator,
          Value: value,
          Effect: effect,
          ...rest,
        });
      }

      seen.add(text);
    },
  );
};

const namespace: Validator = ({ spec = {} }, _old, out) => {
  for (const finalizer of spec.finalizers ?? []) {
    out.qualifiedName('spec.finalizers', finalizer);

    if (
      !finalizer.includes('/') &&
      !['kubernetes', 'orphan', 'foregroundDeletion'].includes(finalizer)
    ) {
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      out.invalid('spec.finalizers', finalizer, why);
    }
  }
};

function validateReporter(event: Fields, field: string, out: Causes): void {
  const { reportingInstance = '', action = '', reason = '', [field]: name = '' } = event;
  if (name === '') {
    out.required(field);
  }

  out.qualifiedName(field, name);

  for (const [key, text] of Object.entries({ reportingInstance, action, reason })) {
    if (text === '') {
      out.required(key);
    }
    if (text.length > 128) {
      out.invalid(key, '', 'can have at most 128 characters');
    }
  }
}

/** Deprecated fields of core/v1 in events.k8s.io/v1, with their names there. */
const oldEventFields: Readonly<Record<string, string>> = {
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  deprecatedSource: 'source',
};

/** Events, in the form of core/v1. */
const event: Validator = (object, old, out) => {
  const { metadata, eventTime, involvedObject, regarding } = object;
  const { namespace: own = '' } = metadata;
  const { namespace: about = '' } = involvedObject ?? regarding ?? {};
  const mismatch = () =>
    out.invalid('involvedObject.namespace', about, 'does not match event.namespace');

  if (!eventTime) {
    if (about === '' ? own !== '' && own !== 'default' : about !== own) {
      mismatch();
    }
  } else {
    if (about === '' && own !== 'default' && own !== 'kube-system') {
      mismatch();
    }

    validateReporter(object, object.regarding ? 'reportingController' : 'reportingComponent', out);

    const { message = '', note = '' } = object;
    if (message.length > 1024 || note.length > 1024) {
      out.invalid('message', '', 'can have at most 1024 characters');
    }
  }

  out.each('namespace', own, dnsSubdomainErrors(own));

  if (old || !object.regarding) {
    return;
  }

  const { series, type = '' } = object;
  if (series && (series.count ?? 0) < 2) {
    out.invalid('series.count', '', 'should be at least 2');
  }
  if (series && !series.lastObservedTime) {
    out.required('series.lastObservedTime');
  }
  if (!eventTime) {
    out.required('eventTime');
  }
  if (type !== 'Normal' && type !== 'Warning') {
    out.invalid('type', '', `has invalid value: ${type}`);
  }

  for (const [field, before] of Object.entries(oldEventFields)) {
    const value = object[field];
    if (value && !equalJson(value, {})) {
      out.invalid(before, '', 'needs to be unset');
    }
  }
};

/** Rules of single kinds, by `group/Kind`. */
export const otherRules: Readonly<Record<string, Validator>> = {
  'scheduling.k8s.io/PriorityClass': priorityClass,
  'coordination.k8s.io/Lease': lease,
  'node.k8s.io/RuntimeClass': runtimeClass,
  '/Namespace': namespace,
  '/Event': event,
  'events.k8s.io/Event': event,
};
