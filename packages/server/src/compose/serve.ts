import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { HostNode } from '@ks-apiserver/controllers/node/host-node';
import { Leader, leadForEver } from '@ks-apiserver/controllers/runtime/leader';
import type { Logger } from 'pino';
import type { Kubernetes } from '../backend/kubernetes.ts';
import { ConfigError } from '../config/config.ts';
import type { Options } from '../config/options.ts';
import { NodePortListener } from '../embedded/node-port.ts';
import { portError } from '../http/port-error.ts';
import { install } from '../install/install.ts';
import { OWN_SERVICE } from '../models/components/components.ts';
import { type AdminResult, ensureAdmin, hasWellKnownPassword } from './admin.ts';
import { type App, openApp } from './app.ts';
import { openKubernetes } from './backend.ts';
import { type ControllerDependencies, startControllers } from './controllers/controllers.ts';
import { openJenkinsAdmin } from './controllers/devops.ts';
import { configuredMode } from './controllers/federation.ts';
import { greeting, originOf } from './greeting.ts';
import { reportOwnDeployment } from './own-deployment.ts';
import { simulate } from './simulation.ts';

const START_MS = 60_000;

/** Pause between two attempts to reach a cluster that does not answer yet, in milliseconds. */
const RETRY_MS = 1000;

type Closer = () => Promise<void>;

/**
 * Prepares the Kubernetes API: creates the built-in objects on the embedded one, requires them on a
 * cluster, and creates the user `admin`.
 */
async function prepare(
  options: Options,
  kubernetes: Kubernetes,
  log: Logger,
): Promise<AdminResult> {
  const { client } = kubernetes;

  if (kubernetes.embedded) {
    const changes = await install(client, {
      embedded: true,
      federation: configuredMode(options.config.multicluster) === 'own',
      onlyIfOutdated: true,
    });
    const failed = changes.find(({ result }) => result === 'failed');
    if (failed) {
      throw new ConfigError(`${failed.object} cannot be installed: ${failed.error?.message}`);
    }
  } else {
    await checkKinds(client, log);
  }

  const { changeInitial } = options.config.authentication.passwordPolicy;

  return ensureAdmin(client, kubernetes.secrets, {
    password: options.adminPassword,
    changeInitial,
  });
}

/**
 * Waits up to a minute for the first answer of a cluster that may start together with this server.
 */
async function firstAnswer(client: KubeClient, path: string, log: Logger): Promise<Buffer> {
  const end = Date.now() + START_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await client.raw('GET', path);
    } catch (error) {
      const { code = 0, message } = error as { code?: number; message: string };
      if ((code < 500 && code !== 429) || Date.now() > end) {
        throw error;
      }
      if (tries === 0) {
        log.warn(`waiting for the cluster: ${message}`);
      }

      await sleep(RETRY_MS);
    }
  }
}

/**
 * Throws a ConfigError when the cluster lacks kinds that are followed from the start: those of
 * KubeSphere 3.0, or groups of 3.1.
 */
async function checkKinds(client: KubeClient, log: Logger): Promise<void> {
  let kinds: { resources?: { name: string }[] };

  try {
    kinds = JSON.parse(
      (await firstAnswer(client, '/apis/iam.kubesphere.io/v1alpha2', log)).toString(),
    );
  } catch (error) {
    if ((error as { code?: number }).code === 404) {
      throw new ConfigError(
        'the cluster has no CRDs of KubeSphere: run "ks-apiserver install" first',
      );
    }

    throw new ConfigError(messageOf(error));
  }

  const names = new Set(kinds.resources?.map(({ name }) => name));
  const absent = ['groups', 'groupbindings'].filter((name) => !names.has(name));
  if (absent.length > 0) {
    throw new ConfigError(
      `the cluster has no CRD of ${absent.join(' and ')}: run "ks-apiserver install" again`,
    );
  }
}

/**
 * Keeps listening on the node port of the server's own Service; returns a function that stops it.
 */
async function followNodePort(
  client: KubeClient,
  app: App,
  host: string,
  log: Logger,
): Promise<Closer> {
  const resource = { group: '', version: 'v1', resource: 'services' };

  const services = new Informer(client, {
    resource,
    kind: 'Service',
    namespace: OWN_SERVICE.namespace,
    keepObjects: true,
  }).start();

  await services.ready(AbortSignal.timeout(START_MS));

  const listener = new NodePortListener(app.server, host, services, log);
  await listener.reconcile();

  return async () => {
    listener.stop();
    await services.stop();
  };
}

/**
 * Starts the controllers: at once in the process of the embedded API, also if there are replicas; on
 * a cluster in the replica that leads.
 */
async function controllersOf(
  kubernetes: Kubernetes,
  dependencies: ControllerDependencies,
): Promise<Closer> {
  const lead = () => startControllers(dependencies, AbortSignal.timeout(START_MS));

  const lease = {
    client: kubernetes.client,
    namespace: OWN_SERVICE.namespace,
    name: 'ks-apiserver-controllers',
  };

  if (kubernetes.embedded) {
    await leadForEver(lease);
    return lead();
  }

  const leader = new Leader({
    ...lease,
    identity: `${hostname()}_${randomUUID()}`,
    lead,
    onError: (err) =>
      dependencies.log.error({ err }, 'the lease of the controllers cannot be read or renewed'),
  }).start();

  return () => leader.stop();
}

/**
 * Starts the server and prints how to use it; returns a function that stops it. Rejects with a
 * ConfigError for what the operator can correct.
 */
export async function serve(
  options: Options,
  log: Logger,
  out: (line: string) => void,
): Promise<Closer> {
  const started = performance.now();
  const { bindAddress, insecurePort, config } = options;
  const closers: Closer[] = [];

  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer();
    }
  };

  try {
    const jenkins = openJenkinsAdmin(config);

    if (jenkins) {
      closers.push(() => jenkins.close());
    }

    const kubernetes = await openKubernetes(options);
    closers.push(() => kubernetes.close());

    const admin = await prepare(options, kubernetes, log);
    const app = await openApp(options, kubernetes, log);

    closers.push(() => app.close());

    const port = await app.server.listen(bindAddress, insecurePort).catch((error) => {
      throw portError(error, bindAddress, insecurePort, '--insecure-port');
    });

    // On a cluster all replicas are reached by their Service.
    app.reachedAt(
      options.inCluster
        ? `http://${OWN_SERVICE.name}.${OWN_SERVICE.namespace}.svc`
        : originOf(bindAddress, port),
    );

    const { client } = kubernetes;
    const dependencies = {
      client,
      catalog: app.catalog,
      users: app.users,
      revokeSessions: app.revokeSessions,
      checkOverride: app.checkOverride,
      quotas: app.quotas,
      routers: app.routers,
      endpoint: kubernetes.endpoint,
      isEmbedded: kubernetes.embedded !== undefined,
      loginHistory: {
        retentionMs: config.authentication.loginHistoryRetentionPeriod,
        maximumEntries: config.authentication.loginHistoryMaximumEntries,
      },
      ...(jenkins && {
        devops: {
          jenkins,
          users: app.users,
          config: config.devops,
          projectUsers: app.devops.projectUsers,
          deleteBinary: app.devops.deleteBinary,
        },
      }),
      ...(!kubernetes.embedded && { kubectlImage: config.authentication.kubectlImage }),
      ...(app.memberClusters && { memberClusters: app.memberClusters }),
      ...(config.network.enableNetworkPolicy && {
        networkIsolation: {
          allowedNamespaces: config.network.nsnpOptions.allowedIngressNamespaces,
        },
      }),
      // As in 3.0, the address of Istio turns them on; nothing is asked there.
      managesMesh: config.servicemesh.istioPilotHost !== '',
      log,
    };

    closers.push(await controllersOf(kubernetes, dependencies));

    if (kubernetes.embedded) {
      closers.push(await followNodePort(client, app, bindAddress, log));

      const { gitVersion } = JSON.parse((await client.raw('GET', '/version')).toString()) as {
        gitVersion: string;
      };

      if (options.simulate) {
        closers.push(
          await simulate({
            config,
            client,
            store: config.logging.host === '' ? app.searchStore : undefined,
            version: gitVersion,
            log,
          }),
        );
      } else {
        await reportOwnDeployment(client);
      }

      if (options.registerNode) {
        const onError = (err: unknown) => log.error({ err }, 'the node cannot report');

        const node = await new HostNode({
          client,
          dataDir: options.dataDir,
          version: gitVersion,
          onError,
        }).start();

        closers.push(() => node.stop());
      }
    }

    for (const line of greeting({
      options,
      kubernetes,
      admin,
      port,
      ms: performance.now() - started,
    })) {
      out(line);
    }

    hasWellKnownPassword(client).then(
      (well) =>
        well &&
        log.warn('admin has the password that everybody knows from KubeSphere 3.0: change it'),
      () => {},
    );

    return close;
  } catch (error) {
    await close();
    throw error;
  }
}
