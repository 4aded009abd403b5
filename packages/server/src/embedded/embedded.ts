import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensurePki, writeAdminKubeconfig } from '@ks-apiserver/kubernetes/server/pki';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { LmdbBackend } from '@ks-apiserver/kubernetes/storage/lmdb';
import type { Kubernetes } from '../backend/kubernetes.ts';
import { FileSecrets } from '../backend/secrets.ts';
import { ConfigError } from '../config/config.ts';
import type { Options } from '../config/options.ts';
import { portError } from '../http/port-error.ts';
import { refuseHalfRestored } from './restore-mark.ts';
import { SecurePortGuard } from './secure-port.ts';
import { usageGroup } from './usage-group.ts';
import { ensureUsageReaderRole } from './usage-reader-role.ts';

/**
 * Starts the embedded Kubernetes API on its data directory and its TLS port. Throws ConfigError for
 * what the operator can correct.
 */
export async function openEmbedded({
  dataDir,
  bindAddress,
  securePort,
  fsync,
}: Options): Promise<Kubernetes> {
  let backend: LmdbBackend;

  await refuseHalfRestored(dataDir);

  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // The store comes first: it locks the directory against a second server.
    backend = await LmdbBackend.open({ path: join(dataDir, 'objects'), fsync });
  } catch (error) {
    throw new ConfigError(`${messageOf(error)} (--data-dir chooses another directory)`);
  }

  try {
    const pkiDir = join(dataDir, 'pki');
    const pki = await ensurePki(pkiDir);

    const server = await KubeApiServer.open({
      backend,
      serviceAccountKey: pki.serviceAccount.key,
      rootCa: pki.ca,
      clientCa: { cert: pki.ca, key: pki.caKey },
    });

    const guard = new SecurePortGuard(server);

    let admit: (user: UserInfo, connection: Duplex) => void = () => {
      const message = 'the server is starting and does not know its users yet';
      throw new StatusError(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 });
    };

    const listener = await server
      .listen({
        host: bindAddress,
        port: securePort,
        tls: { ...pki.serving, ca: pki.ca },
        admitUser: (user, connection) => admit(user, connection),
        guard,
      })
      .catch((error) => {
        throw portError(error, bindAddress, securePort, '--secure-port');
      });

    const host = bindAddress === '0.0.0.0' || bindAddress === '::' ? '127.0.0.1' : bindAddress;
    const url = `https://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
    const kubeconfig = await writeAdminKubeconfig(pkiDir, url);

    const client = new KubeClient(server);

    return {
      client,
      transport: server,
      secrets: new FileSecrets(dataDir),
      endpoint: { server: url, ca: pki.ca },
      embedded: {
        kubeconfig,
        url,
        admitUsers: (decide) => {
          admit = decide;
        },
        useGate: (gate) => guard.useGate(gate),
        useAuditor: (auditor) => guard.useAuditor(auditor),
        serveUsage: async (usage, stores) => {
          await ensureUsageReaderRole(client);
          server.serveComputed(usageGroup(usage, stores));
        },
      },
      close: () => server.close(),
    };
  } catch (error) {
    await backend.close();

    const { code, message } = error as NodeJS.ErrnoException;

    // A read-only or full disk, or an exceeded quota: the operator can correct it.
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS') {
      throw new ConfigError(
        `the data directory ${dataDir} cannot be written: ${message}; make room and start again`,
      );
    }

    throw error;
  }
}
