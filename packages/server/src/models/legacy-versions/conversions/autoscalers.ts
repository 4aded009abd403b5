import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, mapFields } from '../fields.ts';

/** Leaves out fields that are absent. */
function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isAbsent(value)));
}

function part(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Whether a quantity is set: the older version cannot leave the field out and has zero in it. */
const isSet = (quantity: unknown) => !isAbsent(quantity) && quantity !== '0' && quantity !== 0;

const metric = (name: unknown, selector: unknown) => present({ name, selector });

/** Converts the source of each type of metric to the served version. */
const TO_SERVED: Record<string, (source: Fields) => Fields> = {
  resource: resourceToServed,
  containerResource: resourceToServed,
  pods: ({ metricName, selector, targetAverageValue, ...rest }) => ({
    ...rest,
    metric: metric(metricName, selector),
    target: present({ type: 'AverageValue', averageValue: targetAverageValue }),
  }),
  object: ({ target, metricName, selector, targetValue, averageValue, ...rest }) => ({
    ...rest,
    ...present({ describedObject: target }),
    metric: metric(metricName, selector),
    target: isAbsent(averageValue)
      ? present({ type: 'Value', value: targetValue })
      : present({
          type: 'AverageValue',
          value: isSet(targetValue) ? targetValue : undefined,
          averageValue,
        }),
  }),
  external: ({ metricName, metricSelector, targetValue, targetAverageValue, ...rest }) => ({
    ...rest,
    metric: metric(metricName, metricSelector),
    target: present({
      type: isAbsent(targetValue) ? 'AverageValue' : 'Value',
      value: targetValue,
      averageValue: targetAverageValue,
    }),
  }),
};

function resourceToServed({
  targetAverageUtilization,
  targetAverageValue,
  ...rest
}: Fields): Fields {
  return {
    ...rest,
    target: present({
      type: isAbsent(targetAverageUtilization) ? 'AverageValue' : 'Utilization',
      averageValue: targetAverageValue,
      averageUtilization: targetAverageUtilization,
    }),
  };
}

const TO_LEGACY: Record<string, (source: Fields) => Fields> = {
  resource: resourceToLegacy,
  containerResource: resourceToLegacy,
  pods: ({ metric: of, target, ...rest }) => ({
    ...rest,
    ...present({
      metricName: part(of).name,
      selector: part(of).selector,
      targetAverageValue: part(target).averageValue,
    }),
  }),
  object: ({ describedObject, metric: of, target, ...rest }) => ({
    ...rest,
    ...present({
      target: describedObject,
      metricName: part(of).name,
      selector: part(of).selector,
      targetValue: part(target).value ?? '0',
      averageValue: part(target).averageValue,
    }),
  }),
  external: ({ metric: of, target, ...rest }) => ({
    ...rest,
    ...present({
      metricName: part(of).name,
      metricSelector: part(of).selector,
      targetValue: part(target).value,
      targetAverageValue: part(target).averageValue,
    }),
  }),
};

function resourceToLegacy({ target, ...rest }: Fields): Fields {
  const { averageUtilization, averageValue } = part(target);
  return {
    ...rest,
    ...present({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue }),
  };
}

/** Converts each type of measured metric to the served version. */
const STATUS_TO_SERVED: Record<string, (status: Fields) => Fields> = {
  resource: resourceStatusToServed,
  containerResource: resourceStatusToServed,
  pods: ({ metricName, selector, currentAverageValue, ...rest }) => ({
    ...rest,
    metric: metric(metricName, selector),
    current: present({ averageValue: currentAverageValue }),
  }),
  object: ({ target, metricName, selector, currentValue, averageValue, ...rest }) => ({
    ...rest,
    ...present({ describedObject: target }),
    metric: metric(metricName, selector),
    current: present({ value: currentValue, averageValue }),
  }),
  external: ({ metricName, metricSelector, currentValue, currentAverageValue, ...rest }) => ({
    ...rest,
    metric: metric(metricName, metricSelector),
    current: present({ value: currentValue, averageValue: currentAverageValue }),
  }),
};

function resourceStatusToServed({
  currentAverageUtilization,
  currentAverageValue,
  ...rest
}: Fields): Fields {
  return {
    ...rest,
    current: present({
      averageUtilization: currentAverageUtilization,
      averageValue: currentAverageValue,
    }),
  };
}

const STATUS_TO_LEGACY: Record<string, (status: Fields) => Fields> = {
  resource: resourceStatusToLegacy,
  containerResource: resourceStatusToLegacy,
  pods: ({ metric: of, current, ...rest }) => ({
    ...rest,
    ...present({
      metricName: part(of).name,
      selector: part(of).selector,
      currentAverageValue: part(current).averageValue ?? '0',
    }),
  }),
  object: ({ describedObject, metric: of, current, ...rest }) => ({
    ...rest,
    ...present({
      target: describedObject,
      metricName: part(of).name,
      selector: part(of).selector,
      currentValue: part(current).value ?? '0',
      averageValue: part(current).averageValue,
    }),
  }),
  external: ({ metric: of, current, ...rest }) => ({
    ...rest,
    ...present({
      metricName: part(of).name,
      metricSelector: part(of).selector,
      currentValue: part(current).value ?? '0',
      currentAverageValue: part(current).averageValue,
    }),
  }),
};

function resourceStatusToLegacy({ current, ...rest }: Fields): Fields {
  const { averageUtilization, averageValue } = part(current);

  return {
    ...rest,
    ...present({
      currentAverageUtilization: averageUtilization,
      currentAverageValue: averageValue ?? '0',
    }),
  };
}

/** Returns a conversion of metrics whose sources are converted by type. */
function convertSources(
  by: Record<string, (source: Fields) => Fields>,
): (fields: Fields) => Fields {
  return (fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([type, source]) => {
        const convert = getOwn(by, type);

        return [type, convert && isFields(source) ? convert(source) : source];
      }),
    );
}

function metricsOf(
  object: Fields,
  specs: Record<string, (source: Fields) => Fields>,
  statuses: Record<string, (source: Fields) => Fields>,
): Fields {
  return mapFields(
    mapFields(object, 'spec.metrics[]', convertSources(specs)),
    'status.currentMetrics[]',
    convertSources(statuses),
  );
}

/** HorizontalPodAutoscalers of autoscaling/v2beta1; those of v2beta2 have the fields of v2. */
export const autoscalers: Conversion = {
  toServed: (object) => metricsOf(object, TO_SERVED, STATUS_TO_SERVED),
  toLegacy: (object) => {
    const legacy = metricsOf(object, TO_LEGACY, STATUS_TO_LEGACY);
    return mapFields(legacy, 'spec', ({ behavior: _behavior, ...spec }) => spec);
  },
  pieces: [
    // The annotation of Kubernetes 1.22.
    { served: 'spec.behavior', annotation: 'autoscaling.alpha.kubernetes.io/behavior' },
    { served: 'spec.metrics', legacy: 'spec.metrics' },
    { served: 'status.currentMetrics', legacy: 'status.currentMetrics' },
  ],
  unknown: ['spec.behavior'],
};
