import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import { listOf } from '../resources/core-types.ts';

type Version = { group: string; version: string };

/**
 * Fields of events by their names in core/v1 and in events.k8s.io/v1 (Kubernetes pkg/apis/events/v1
 * conversion).
 */
const EVENT_FIELDS: readonly [core: string, events: string][] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function renameFields(object: KubeObject, names: Map<string, string>): KubeObject {
  const result: KubeObject = { metadata: object.metadata };

  for (const [field, value] of Object.entries(object)) {
    result[names.get(field) ?? field] = value;
  }

  return result;
}

const TO_EVENTS = new Map(EVENT_FIELDS);
const TO_CORE = new Map(EVENT_FIELDS.map(([core, events]) => [events, core]));

function cpuTarget(utilization: number) {
  return {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: utilization } },
  };
}

function toAutoscalingV2(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = object.spec ?? {};

  const {
    currentCPUUtilizationPercentage: current,
    currentReplicas,
    ...status
  } = object.status ?? {};

  const resource = { name: 'cpu', current: { averageUtilization: current } };

  return {
    ...object,
    spec: { ...spec, ...(target !== undefined && { metrics: [cpuTarget(target)] }) },
    status: {
      ...status,
      ...(currentReplicas && { currentReplicas }),
      ...(current !== undefined && { currentMetrics: [{ type: 'Resource', resource }] }),
    },
  };
}

interface Metric {
  type: string;
  resource?: {
    name: string;
    target?: { averageUtilization?: number };
    current?: { averageUtilization?: number };
  };
}

function toAutoscalingV1(object: KubeObject): KubeObject {
  const { metrics = [], behavior: _behavior, ...spec } = object.spec ?? {};
  const { currentMetrics, conditions: _conditions, ...status } = object.status ?? {};
  const cpu = (metric: Metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu';
  const target = listOf<Metric>(metrics).find(cpu)?.resource?.target?.averageUtilization;
  const current = listOf<Metric>(currentMetrics).find(cpu)?.resource?.current?.averageUtilization;

  return {
    ...object,
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

/**
 * Converts an object to another version of its kind; for custom resources and most built-in kinds
 * only the apiVersion differs.
 */
export function convert(object: KubeObject, to: Version & { kind: string }): KubeObject {
  const apiVersion = apiVersionOf(to);
  if (object.apiVersion === apiVersion) {
    return object;
  }

  let converted = object;

  if (to.kind === 'Event') {
    if (to.group === 'events.k8s.io') {
      converted = renameFields(object, TO_EVENTS);
    } else if (object.apiVersion === 'events.k8s.io/v1') {
      converted = renameFields(object, TO_CORE);
    }
  } else if (to.group === 'autoscaling') {
    converted = to.version === 'v2' ? toAutoscalingV2(object) : toAutoscalingV1(object);
  }

  return { ...converted, kind: to.kind, apiVersion };
}
