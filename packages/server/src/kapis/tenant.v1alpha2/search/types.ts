import { type TSchema, Type } from 'typebox';

const Count = (description: string) => Type.Integer({ description, format: 'int64' });

const LogBucket = Type.Object(
  { time: Count('timestamp'), count: Count('total number of logs at intervals') },
  { $id: 'logging.Bucket' },
);

const LogRecord = Type.Object(
  {
    log: Type.Optional(Type.String({ description: 'log message' })),
    time: Type.Optional(Type.String({ description: 'log timestamp' })),
    namespace: Type.Optional(Type.String({ description: 'namespace' })),
    pod: Type.Optional(Type.String({ description: 'pod name' })),
    container: Type.Optional(Type.String({ description: 'container name' })),
  },
  { $id: 'logging.Record' },
);

/** The one of the three results that was asked for. */
const answer = (id: string, query: TSchema, statistics: TSchema, histogram: TSchema) =>
  Type.Object(
    {
      query: Type.Optional(query),
      statistics: Type.Optional(statistics),
      histogram: Type.Optional(histogram),
    },
    { $id: id },
  );

/** Answer of searches of logs. */
export const LogAnswerSchema = answer(
  'v1alpha2.APIResponse',
  Type.Object(
    {
      total: Count('total number of matched results'),
      records: Type.Optional(Type.Array(LogRecord, { description: 'actual array of results' })),
    },
    { $id: 'logging.Logs' },
  ),
  Type.Object(
    { containers: Count('total number of containers'), logs: Count('total number of logs') },
    { $id: 'logging.Statistics' },
  ),
  Type.Object(
    {
      total: Count('total number of logs'),
      histograms: Type.Array(LogBucket, { description: 'actual array of histogram results' }),
    },
    { $id: 'logging.Histogram' },
  ),
);

const EventBucket = Type.Object(
  { time: Count('timestamp'), count: Count('total number of events at intervals') },
  { $id: 'events.Bucket' },
);

/** Answer of searches of events and of audit records; the records are as they were stored. */
export const EventAnswerSchema = answer(
  'v1alpha1.APIResponse',
  Type.Object(
    {
      total: Count('total number of matched results'),
      records: Type.Array(Type.Unsafe<object>({ type: 'object' }), {
        description: 'actual array of results',
      }),
    },
    { $id: 'events.Events' },
  ),
  Type.Object(
    { resources: Count('total number of resources'), events: Count('total number of events') },
    { $id: 'events.Statistics' },
  ),
  Type.Object(
    {
      total: Count('total number of events'),
      buckets: Type.Array(EventBucket, { description: 'actual array of histogram results' }),
    },
    { $id: 'events.Histogram' },
  ),
);
