// A controller of WebSites on the informers of @kubernetes/client-node: `node controller.mjs
// KUBECONFIG NAMESPACE`. It keeps a ConfigMap, a Deployment and a Service for each, reports its
// state in the status, and counts labelled ConfigMaps.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  V1MicroTime,
} from '@kubernetes/client-node';
import { group } from '../definition.mjs';

const [kubeconfig, namespace] = process.argv.slice(2);
const manager = 'website-controller';
const finalizer = `${group}/cleanup`;
const selector = { labelSelector: 'tier=web' };
const config = new KubeConfig();

config.loadFromFile(kubeconfig);

const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const custom = config.makeApiClient(CustomObjectsApi);
const leases = config.makeApiClient(CoordinationV1Api);
const objects = KubernetesObjectApi.makeApiClient(config);
const websites = { group, version: 'v1', namespace, plural: 'websites' };

/** Returns the answer, or undefined if the object does not exist. */
async function ignoreNotFound(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.code === 404) {
      return undefined;
    }
    throw error;
  }
}

/** Tries again after a conflict with another write. */
async function onConflict(change) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (error.code !== 409 || attempt === 10) {
        throw error;
      }
      await sleep(10 * attempt);
    }
  }
}

/** Becomes the leader by writing its name into a Lease, and renews it. */
async function lead() {
  const name = 'website-controller';
  const holderIdentity = randomUUID();

  const spec = () => ({
    holderIdentity,
    leaseDurationSeconds: 15,
    renewTime: new V1MicroTime(),
    leaseTransitions: 0,
  });

  const attempt = async () => {
    const lease = await ignoreNotFound(leases.readNamespacedLease({ name, namespace }));
    if (!lease) {
      return leases.createNamespacedLease({
        namespace,
        body: { metadata: { name }, spec: spec() },
      });
    }

    const expired = Date.now() - new Date(lease.spec.renewTime).getTime() > 15_000;
    if (lease.spec.holderIdentity !== holderIdentity && !expired) {
      throw new Error('another controller leads');
    }

    return leases.replaceNamespacedLease({
      name,
      namespace,
      body: { ...lease, spec: { ...lease.spec, ...spec() } },
    });
  };

  while (!(await attempt().catch(() => undefined))) {
    await sleep(500);
  }

  setInterval(() => attempt().catch((error) => console.error(`lease: ${error.message}`)), 2000);
}

const informers = [];

function informer(path, list, labelSelector) {
  const made = makeInformer(config, path, list, labelSelector);
  made.on('error', () => setTimeout(() => made.start(), 300));
  informers.push(made);
  return made;
}

const core1 = `/api/v1/namespaces/${namespace}`;

const sites = informer(
  `/apis/${group}/v1/namespaces/${namespace}/websites`,
  () => custom.listNamespacedCustomObject({ ...websites, ...selector }),
  selector.labelSelector,
);

const owned = { namespace, labelSelector: `managed-by=${manager}` };

const children = [
  informer(`${core1}/configmaps`, () => core.listNamespacedConfigMap(owned), owned.labelSelector),
  informer(`${core1}/services`, () => core.listNamespacedService(owned), owned.labelSelector),
  informer(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    () => apps.listNamespacedDeployment(owned),
    owned.labelSelector,
  ),
];

const secrets = informer(
  `${core1}/secrets`,
  () => core.listNamespacedSecret({ namespace, labelSelector: 'site' }),
  'site',
);

async function event(site, reason, message) {
  const { apiVersion, kind, metadata } = site;
  const now = new Date();
  await core.createNamespacedEvent({
    namespace,
    body: {
      metadata: { generateName: `${metadata.name}.` },
      involvedObject: { apiVersion, kind, name: metadata.name, namespace, uid: metadata.uid },
      type: 'Normal',
      reason,
      message,
      source: { component: manager },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
  });
}

async function addFinalizer(site) {
  const { name, resourceVersion, finalizers = [] } = site.metadata;
  await objects.patch(
    {
      apiVersion: site.apiVersion,
      kind: site.kind,
      metadata: { name, namespace, resourceVersion, finalizers: [...finalizers, finalizer] },
    },
    undefined,
    undefined,
    manager,
    undefined,
    PatchStrategy.MergePatch,
  );
}

async function finish(site) {
  const { name, finalizers = [] } = site.metadata;
  if (!finalizers.includes(finalizer)) {
    return;
  }

  await apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'gone', namespace },
    data: { [name]: 'gone' },
  });

  const current = await ignoreNotFound(custom.getNamespacedCustomObject({ ...websites, name }));
  if (!current) {
    return;
  }

  current.metadata.finalizers = current.metadata.finalizers.filter((one) => one !== finalizer);
  await custom.replaceNamespacedCustomObject({
    ...websites,
    name,
    body: current,
    fieldManager: manager,
  });
}

const apply = (object) =>
  objects.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);

async function createOrUpdate(api, kind, metadata, change) {
  const key = { name: metadata.name, namespace };
  await onConflict(async () => {
    const current = await ignoreNotFound(api[`readNamespaced${kind}`](key));
    const object = current ?? { metadata, spec: {} };
    const before = JSON.stringify(object);

    change(object);

    if (!current) {
      await api[`createNamespaced${kind}`]({ namespace, body: object, fieldManager: manager });
    } else if (JSON.stringify(object) !== before) {
      await api[`replaceNamespaced${kind}`]({ ...key, body: object, fieldManager: manager });
    }
  });
}

async function reconcile(name) {
  const site = await ignoreNotFound(custom.getNamespacedCustomObject({ ...websites, name }));
  if (site?.metadata.labels?.tier !== 'web') {
    return;
  }
  if (site.metadata.deletionTimestamp) {
    return finish(site);
  }
  if (!site.metadata.finalizers?.includes(finalizer)) {
    return addFinalizer(site);
  }

  const { uid, generation } = site.metadata;
  const { content, replicas } = site.spec;

  const owner = {
    apiVersion: site.apiVersion,
    kind: site.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };

  const labels = { 'managed-by': manager, site: name };
  const metadata = { name, namespace, labels, ownerReferences: [owner] };

  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'index.html': content } });

  await createOrUpdate(apps, 'Deployment', metadata, ({ spec }) => {
    spec.paused = true;
    spec.replicas = replicas;
    spec.selector ??= { matchLabels: { site: name } };
    spec.template ??= {
      metadata: { labels: { site: name } },
      spec: { containers: [{ name: 'web', image: 'web:1' }] },
    };
  });

  await createOrUpdate(core, 'Service', metadata, ({ spec }) => {
    spec.selector = { site: name };
    spec.ports ??= [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];
    spec.ports[0].port = 80;
  });

  const count = secrets
    .list(namespace)
    .filter(({ metadata }) => metadata.labels.site === name).length;
  await onConflict(() => writeStatus(name, generation, count));
}

async function writeStatus(name, generation, count) {
  const site = await custom.getNamespacedCustomObject({ ...websites, name });
  const { status = {} } = site;
  if (status.observedGeneration === generation && status.secrets === count) {
    return;
  }

  const conditions = [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Reconciled',
      message: `generation ${generation}`,
      observedGeneration: generation,
      lastTransitionTime:
        status.conditions?.[0].lastTransitionTime ?? new Date().toISOString().replace(/\.\d+/, ''),
    },
  ];

  const body = { ...site, status: { observedGeneration: generation, secrets: count, conditions } };
  await custom.replaceNamespacedCustomObjectStatus({
    ...websites,
    name,
    body,
    fieldManager: manager,
  });

  if (status.observedGeneration !== generation) {
    await event(site, 'Reconciled', `generation ${generation}`);
  }
}

const queue = new Set();
let working = false;

function enqueue(name) {
  queue.add(name);
  if (!working) {
    work();
  }
}

async function work() {
  working = true;

  for (const name of queue) {
    queue.delete(name);

    try {
      await reconcile(name);
    } catch (error) {
      console.error(`${name}: ${error.message.slice(0, 300)}`);
      setTimeout(() => enqueue(name), 200);
    }
  }

  working = false;
}

/** Counts the labelled ConfigMaps page by page. */
async function census() {
  let [count, pages, next] = [0, 0, undefined];

  do {
    const list = await core.listNamespacedConfigMap({
      namespace,
      labelSelector: 'census=yes',
      limit: 7,
      _continue: next,
    });

    count += list.items.length;
    pages += 1;
    next = list.metadata._continue;
  } while (next);

  const data = { count: String(count), pages: String(pages) };
  await apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'census', namespace },
    data,
  });
}

await lead();
await census();

for (const verb of /** @type {const} */ (['add', 'update', 'delete'])) {
  sites.on(verb, ({ metadata }) => enqueue(metadata.name));
  secrets.on(verb, ({ metadata }) => enqueue(metadata.labels.site));

  for (const child of children) {
    child.on(verb, ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller);
      if (owner) {
        enqueue(owner.name);
      }
    });
  }
}

for (const one of [secrets, ...children, sites]) {
  await one.start();
}

console.log('running');
