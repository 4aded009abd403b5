import { WEBHOOKS } from '@ks-apiserver/api/resources';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { SqliteStore } from '@ks-apiserver/search/store/sqlite-store';
import type { Logger } from 'pino';
import { openConfigured } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import type { Metrics } from '../../http/observe/metrics.ts';
import type { AuditLevel } from '../../models/auditing/audit-level.ts';
import { AuditPolicy, type WebhookSpec } from '../../models/auditing/audit-policy.ts';
import { AuditQueue, type AuditSink } from '../../models/auditing/audit-queue.ts';
import { Auditor } from '../../models/auditing/auditor.ts';
import { WebhookSink } from '../../models/auditing/webhook-sink.ts';

/** The object that sets the level in KubeSphere 3.0. */
const WEBHOOK_OBJECT = 'kube-auditing-webhook';

/** The webhook that KubeSphere's installer sets up. */
const DEFAULT_URL =
  'https://kube-auditing-webhook-svc.kubesphere-logging-system.svc:443/audit/webhook/event';

const LIMITS = { maxEvents: 10_000, maxBytes: 64 * 1024 * 1024 };

/** How long a stop waits for records that are on their way, in milliseconds. */
const FLUSH_MS = 3000;

/** How often lost records are told of, in milliseconds. */
const REPORT_MS = 10_000;

/** An auditor and what ends it. */
export interface OpenAuditor {
  auditor: Auditor;
  close(): Promise<void>;
}

/** What auditing works with. `store` keeps documents on this machine; undefined without one. */
export interface AuditingContext {
  config: Config;
  client: KubeClient;
  store: Pick<SqliteStore, 'append'> | undefined;
  metrics: Metrics;
  log: Logger;
}

/** Counts lost records, and logs them from time to time. */
function lossReporter(metrics: Metrics, log: Logger) {
  let lost = 0;
  let reported = -REPORT_MS;

  return (count: number, why: string) => {
    metrics.loseAuditRecords(count);
    lost += count;

    if (performance.now() - reported >= REPORT_MS) {
      log.error({ lost, why }, 'audit records are lost');
      reported = performance.now();
      lost = 0;
    }
  };
}

function storeSink(store: Pick<SqliteStore, 'append'>): AuditSink {
  return {
    append: (events) =>
      store.append(
        'auditing',
        events.map((event) => ({ id: event.AuditID, json: JSON.stringify(event) })),
      ),
  };
}

function openWebhook({ auditing }: Config): WebhookSink {
  return openConfigured(
    'auditing',
    () =>
      new WebhookSink({
        url: auditing.webhookUrl || DEFAULT_URL,
        caFile: auditing.webhookCaFile,
        insecureSkipVerify: auditing.webhookInsecureSkipVerify,
        timeout: auditing.webhookTimeout,
      }),
  );
}

/** Opens what records calls, as configured. Throws a ConfigError for a webhook that is no URL. */
export function openAuditor(context: AuditingContext): OpenAuditor {
  const { config, client, store, metrics, log } = context;
  const { auditing } = config;
  const onDrop = lossReporter(metrics, log);
  const queues: AuditQueue[] = [];
  const webhook = auditing.enable ? openWebhook(config) : undefined;

  // Where an Elasticsearch is configured, records come to it from the webhook.
  const sink = store && auditing.host === '' ? storeSink(store) : undefined;

  if (webhook) {
    const retryPauses = [500, 2000, 8000];
    queues.push(
      new AuditQueue(webhook, {
        ...LIMITS,
        batch: 400,
        lingerMs: 200,
        concurrency: 10,
        retryPauses,
        onDrop,
      }),
    );
  }

  if (sink) {
    const retryPauses = [100, 1000];
    queues.push(
      new AuditQueue(sink, {
        ...LIMITS,
        batch: 1000,
        lingerMs: 0,
        concurrency: 1,
        retryPauses,
        onDrop,
      }),
    );
  }

  const objects =
    queues.length > 0 && auditing.level === ''
      ? new Informer(client, { resource: WEBHOOKS, kind: 'Webhook', keepObjects: true }).start()
      : undefined;

  const policy = new AuditPolicy(
    {
      level: auditing.level === '' ? undefined : (auditing.level as AuditLevel),
      fallback: sink ? 'Metadata' : 'None',
      omitReads: auditing.omitReads ?? !webhook,
    },
    () => {
      const entry = objects?.store.get(WEBHOOK_OBJECT);
      return entry && (objectOf(entry) as { spec?: WebhookSpec }).spec;
    },
  );

  const auditor = new Auditor(policy, queues, { isBlocking: auditing.blocking });

  return {
    auditor,
    close: async () => {
      await auditor.close(FLUSH_MS);
      await objects?.stop();
      await webhook?.close();
    },
  };
}
