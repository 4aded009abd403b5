import { type Conversion, sameFields } from '../conversion.ts';
import {
  annotationOf,
  type Fields,
  isAbsent,
  isFields,
  mapFields,
  valueAt,
  withAnnotation,
  withDefaults,
  withField,
  withValueAt,
} from '../fields.ts';

/**
 * Annotation in which Kubernetes keeps `spec.rollbackTo` in versions without it: its Deployment
 * controller acts on it.
 */
const ROLLBACK = 'deprecated.deployment.rollback.to';

/** Annotation in which Kubernetes keeps `spec.templateGeneration` in versions without it. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
const MAX_INT32 = 2_147_483_647;

/** Sets an absent selector and absent labels to those of the template's pods. */
function withTemplateLabels(object: Fields): Fields {
  const labels = valueAt(object, 'spec.template.metadata.labels');
  if (!isFields(labels) || Object.keys(labels).length === 0) {
    return object;
  }

  const own = valueAt(object, 'metadata.labels');
  const isLabelled = isFields(own) && Object.keys(own).length > 0;
  const labelled = isLabelled ? object : withValueAt(object, 'metadata.labels', labels);

  return mapFields(labelled, 'spec', (spec) =>
    withDefaults(spec, { selector: { matchLabels: labels } }),
  );
}

/** Sets the default strategy, and how many pods it replaces at once. */
function withRollingUpdate(
  object: Fields,
  most: { maxUnavailable: unknown; maxSurge: unknown },
): Fields {
  return mapFields(object, 'spec', (spec) => {
    const strategy = isFields(spec.strategy) ? spec.strategy : {};

    const typed =
      isAbsent(strategy.type) || strategy.type === ''
        ? { ...strategy, type: 'RollingUpdate' }
        : strategy;

    if (typed.type !== 'RollingUpdate') {
      return spec;
    }

    const rollingUpdate = withDefaults(
      isFields(typed.rollingUpdate) ? typed.rollingUpdate : {},
      most,
    );

    return { ...spec, strategy: { ...typed, rollingUpdate } };
  });
}

const specDefaults = (object: Fields, defaults: Fields) =>
  mapFields(object, 'spec', (spec) => withDefaults(spec, defaults));

/** Sets the default update strategy, which deletes no pods by itself. */
function withOnDelete(object: Fields): Fields {
  return mapFields(object, 'spec', (spec) => {
    const strategy = isFields(spec.updateStrategy) ? spec.updateStrategy : {};
    const isTyped = !isAbsent(strategy.type) && strategy.type !== '';
    return isTyped ? spec : { ...spec, updateStrategy: { ...strategy, type: 'OnDelete' } };
  });
}

const rollbacks = {
  toServed: (object: Fields) => {
    const revision = valueAt(object, 'spec.rollbackTo.revision') ?? 0;
    const rollback = valueAt(object, 'spec.rollbackTo');
    const spec = mapFields(object, 'spec', (fields) => withField(fields, 'rollbackTo', undefined));
    return withAnnotation(spec, ROLLBACK, isFields(rollback) ? String(revision) : undefined);
  },
  toLegacy: (object: Fields) => {
    const text = annotationOf(object, ROLLBACK);
    if (text === undefined || !/^\d{1,15}$/.test(text)) {
      return object;
    }

    const revision = Number(text);
    const rollbackTo = revision === 0 ? {} : { revision };

    return withValueAt(withAnnotation(object, ROLLBACK, undefined), 'spec.rollbackTo', rollbackTo);
  },
};

/** Deployments of extensions/v1beta1: all old ReplicaSets are kept, and there is no deadline. */
export const extensionsDeployments: Conversion = {
  ...rollbacks,
  withDefaults: (object) => {
    const labelled = withTemplateLabels(object);

    const counted = specDefaults(labelled, {
      revisionHistoryLimit: MAX_INT32,
      progressDeadlineSeconds: MAX_INT32,
    });

    return withRollingUpdate(counted, { maxUnavailable: 1, maxSurge: 1 });
  },
};

/** Deployments of apps/v1beta1. */
export const appsDeployments: Conversion = {
  ...rollbacks,
  withDefaults: (object) => specDefaults(withTemplateLabels(object), { revisionHistoryLimit: 2 }),
};

const withTemplateGeneration = {
  toServed: (object: Fields) => {
    const generation = valueAt(object, 'spec.templateGeneration');
    const spec = mapFields(object, 'spec', (fields) =>
      withField(fields, 'templateGeneration', undefined),
    );

    return withAnnotation(
      spec,
      TEMPLATE_GENERATION,
      isAbsent(generation) ? undefined : String(generation),
    );
  },
  toLegacy: (object: Fields) => {
    const text = annotationOf(object, TEMPLATE_GENERATION);
    if (text === undefined || !/^\d{1,15}$/.test(text)) {
      return object;
    }

    return withValueAt(
      withAnnotation(object, TEMPLATE_GENERATION, undefined),
      'spec.templateGeneration',
      Number(text),
    );
  },
};

/** DaemonSets of extensions/v1beta1. */
export const extensionsDaemonSets: Conversion = {
  ...withTemplateGeneration,
  withDefaults: (object) => withOnDelete(withTemplateLabels(object)),
};

/** ReplicaSets of extensions/v1beta1. */
export const extensionsReplicaSets: Conversion = sameFields(withTemplateLabels);

/** StatefulSets of apps/v1beta1. */
export const appsStatefulSets: Conversion = sameFields((object) =>
  withOnDelete(withTemplateLabels(object)),
);
