import { Upstream } from '@ks-apiserver/upstreams/upstream';
import { openConfigured } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';

/** Servers beside Kubernetes that calls go on to; undefined where none is configured. */
export interface Upstreams {
  alerting: Upstream | undefined;
  notification: Upstream | undefined;
  weaveScope: Upstream | undefined;
  close(): Promise<void>;
}

const LIMITS = { timeoutMs: 30_000, maxConnections: 100 };

/** Opens an upstream whose address is in the configuration. Throws a ConfigError. */
function open(option: string, url: string): Upstream | undefined {
  if (url === '') {
    return undefined;
  }

  return openConfigured(option, () => new Upstream({ url, ...LIMITS }));
}

/** Adds the scheme to an address that is a host alone. */
function urlOf(host: string): string {
  return host === '' || host.includes('://') ? host : `http://${host}`;
}

/** Opens the servers that the configuration names. Throws a ConfigError for what is no URL. */
export function openUpstreams({ alerting, notification, network }: Config): Upstreams {
  const opened = {
    alerting: open('alerting.endpoint', alerting.endpoint),
    notification: open('notification.endpoint', notification.endpoint),
    weaveScope: open('network.weaveScopeHost', urlOf(network.weaveScopeHost)),
  };

  const close = async () => {
    await Promise.all(Object.values(opened).map((upstream) => upstream?.close()));
  };

  return { ...opened, close };
}
