import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

const REFERENCE = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
] as const;

/** Selectable fields of an event in either of its versions. */
export function eventFields(object: KubeObject): Record<string, string> {
  const about = object.involvedObject ?? object.regarding ?? {};
  const source = object.source ?? object.deprecatedSource ?? {};
  const reporter = object.reportingComponent ?? object.reportingController ?? '';

  const fields: Record<string, string> = {
    reason: object.reason ?? '',
    reportingComponent: reporter,
    reportingController: reporter,
    source: source.component ?? reporter,
    type: object.type ?? '',
  };

  for (const field of REFERENCE) {
    fields[`involvedObject.${field}`] = about[field] ?? '';
    fields[`regarding.${field}`] = about[field] ?? '';
  }

  return fields;
}
