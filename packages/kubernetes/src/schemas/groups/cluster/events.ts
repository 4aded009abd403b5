import type { SchemaGroup } from '../../group.ts';

/** Types of events.k8s.io/v1. */
export const events: SchemaGroup = {
  group: 'events.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.events.v1',
  kinds: 'Event',
  types: `
Event: action string; apiVersion string; deprecatedCount int32; deprecatedFirstTimestamp time always; deprecatedLastTimestamp time always; deprecatedSource core.EventSource struct; eventTime! microtime always; kind string; metadata meta.ObjectMeta struct; note string; reason string; regarding core.ObjectReference struct; related core.ObjectReference; reportingController string; reportingInstance string; series EventSeries; type string
EventSeries: count! int32; lastObservedTime! microtime always
`,
};
