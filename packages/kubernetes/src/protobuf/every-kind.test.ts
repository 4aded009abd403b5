import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { encodeForTests } from '@ks-apiserver/kubernetes/test/support/protobuf-encoder';
import {
  startTestServer,
  type TestServer,
} from '@ks-apiserver/kubernetes/test/support/test-server';
import { PROTOBUF } from './decode.ts';

const containers = [{ name: 'c', image: 'i' }];
const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
const workload = { spec: { selector: { matchLabels: { a: 'b' } }, template } };
const rule = { apiGroups: ['a'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['x'] };

const hook = {
  name: 'a.example.com',
  clientConfig: { url: 'https://example.com' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
};

const hooks = { webhooks: [hook] };
const constraints = { matchConstraints: { resourceRules: [rule] } };
const roleRef = {
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
};

const autoscaler = {
  spec: {
    maxReplicas: 3,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
  },
};

const schema = {
  type: 'object',
  properties: {
    a: { type: 'array', items: { type: 'string', default: '' }, default: [] },
    b: { type: 'object', additionalProperties: { type: 'number', minimum: 0.5 } },
  },
};

const request = '-----BEGIN CERTIFICATE REQUEST-----\nnone\n-----END CERTIFICATE REQUEST-----\n';
const resourceAttributes = {
  resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' },
};

/** Required fields of an object of each resource, by `resource` or `resource.group`. */
const needs: Readonly<Record<string, object>> = {
  configmaps: { data: { a: 'b' } },
  endpoints: {},
  events: { involvedObject: { namespace: 'default' }, reason: 'r' },
  limitranges: { spec: { limits: [{ type: 'Pod', max: { cpu: '1' } }] } },
  namespaces: {},
  nodes: {},
  persistentvolumeclaims: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  persistentvolumes: {
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/x' },
    },
  },
  pods: { spec: { containers } },
  podtemplates: { template },
  replicationcontrollers: { spec: { selector: { a: 'b' }, template } },
  resourcequotas: { spec: { hard: { pods: '1' } } },
  secrets: { data: { a: 'YQ==' } },
  serviceaccounts: {},
  services: { spec: { clusterIP: 'None', ports: [{ port: 80, targetPort: 'http' }] } },
  'controllerrevisions.apps': { revision: 1, data: { a: 1 } },
  'daemonsets.apps': workload,
  'deployments.apps': workload,
  'replicasets.apps': workload,
  'statefulsets.apps': workload,
  'jobs.batch': { spec: { template: { spec: { restartPolicy: 'Never', containers } } } },
  'cronjobs.batch': {
    spec: {
      schedule: '0 0 1 1 *',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers } } } },
    },
  },
  'horizontalpodautoscalers.autoscaling': autoscaler,
  'certificatesigningrequests.certificates.k8s.io': {
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: 'example.com/s',
      usages: ['client auth'],
    },
  },
  'ingressclasses.networking.k8s.io': { spec: { controller: 'example.com/c' } },
  'ingresses.networking.k8s.io': {
    spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  },
  'ipaddresses.networking.k8s.io': {
    metadata: { name: '10.1.2.3' },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } },
  },
  'networkpolicies.networking.k8s.io': { spec: { podSelector: {} } },
  'servicecidrs.networking.k8s.io': { spec: { cidrs: ['10.55.0.0/16'] } },
  'poddisruptionbudgets.policy': { spec: { minAvailable: '50%', selector: {} } },
  'roles.rbac.authorization.k8s.io': {
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
  'clusterroles.rbac.authorization.k8s.io': { rules: [] },
  'rolebindings.rbac.authorization.k8s.io': roleRef,
  'clusterrolebindings.rbac.authorization.k8s.io': roleRef,
  'csidrivers.storage.k8s.io': { spec: { attachRequired: true } },
  'csinodes.storage.k8s.io': { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } },
  'csistoragecapacities.storage.k8s.io': { storageClassName: 's' },
  'storageclasses.storage.k8s.io': { provisioner: 'example.com/p' },
  'volumeattachments.storage.k8s.io': {
    spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'p' } },
  },
  'volumeattributesclasses.storage.k8s.io': { driverName: 'd', parameters: { a: 'b' } },
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': hooks,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': hooks,
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    spec: { ...constraints, validations: [{ expression: 'true' }] },
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    spec: { policyName: 'p', validationActions: ['Deny'] },
  },
  'customresourcedefinitions.apiextensions.k8s.io': {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  },
  'priorityclasses.scheduling.k8s.io': { value: 7 },
  'leases.coordination.k8s.io': { spec: { holderIdentity: 'me' } },
  'runtimeclasses.node.k8s.io': { handler: 'h' },
  'endpointslices.discovery.k8s.io': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['1.2.3.4'] }],
  },
  'events.events.k8s.io': {
    regarding: { namespace: 'default' },
    reason: 'r',
    type: 'Normal',
    action: 'a',
    eventTime: '2020-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'i',
  },
  'flowschemas.flowcontrol.apiserver.k8s.io': {
    spec: { priorityLevelConfiguration: { name: 'p' } },
  },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  },
  'apiservices.apiregistration.k8s.io': {
    metadata: { name: 'v1.a.example.com' },
    spec: {
      group: 'a.example.com',
      version: 'v1',
      groupPriorityMinimum: 1,
      versionPriority: 1,
      service: { name: 's', namespace: 'n' },
      insecureSkipTLSVerify: true,
    },
  },
  'tokenreviews.authentication.k8s.io': { spec: { token: 'none' } },
  'selfsubjectreviews.authentication.k8s.io': {},
  'localsubjectaccessreviews.authorization.k8s.io': { spec: { user: 'jo', ...resourceAttributes } },
  'selfsubjectaccessreviews.authorization.k8s.io': { spec: resourceAttributes },
  'selfsubjectrulesreviews.authorization.k8s.io': { spec: { namespace: 'default' } },
  'subjectaccessreviews.authorization.k8s.io': { spec: { user: 'jo', ...resourceAttributes } },
};

interface Listed {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
}

let server: TestServer;
before(async () => {
  server = await startTestServer();
  const account = { metadata: { name: 'default' } };
  await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: account });
});

after(() => server.close());

/** Returns every kind in discovery that can be created, with its path. */
async function kinds(): Promise<
  { groupVersion: string; group: string; path: string; listed: Listed }[]
> {
  const { body } = await server.call('GET', '/apis');

  const groups: [string, string, string][] = [
    ['', 'v1', '/api/v1'],
    ...body.groups.flatMap(
      ({
        name,
        versions,
      }: {
        name: string;
        versions: { version: string; groupVersion: string }[];
      }) => versions.map(({ groupVersion }) => [name, groupVersion, `/apis/${groupVersion}`]),
    ),
  ];

  const found = await Promise.all(
    groups.map(async ([group, groupVersion, base]) => {
      const { body: list } = await server.call('GET', base);

      return (list.resources as Listed[])
        .filter(
          ({ name, verbs }) =>
            !name.includes('/') && verbs.includes('create') && name !== 'bindings',
        )
        .map((listed) => {
          const path = `${base}${listed.namespaced ? '/namespaces/default' : ''}/${listed.name}`;
          return { groupVersion, group, path, listed };
        });
    }),
  );

  return found.flat();
}

/** Returns an object without the fields that differ from write to write. */
function withoutVolatileFields({ metadata, ...rest }: KubeObject): object {
  const { uid, creationTimestamp, managedFields, resourceVersion, ...kept } = metadata;
  const text = JSON.stringify({ ...rest, metadata: kept });

  return JSON.parse(
    uid ? text.replaceAll(uid, 'uid').replaceAll(creationTimestamp!, 'time') : text,
  );
}

test('every kind in discovery is accepted as JSON, YAML, protobuf and by an apply, with the same result', async () => {
  const all = await kinds();
  assert.ok(all.length > 50, `${all.length} kinds`);

  for (const { groupVersion, group, path, listed } of all) {
    const key = group === '' ? listed.name : `${listed.name}.${group}`;
    assert.ok(Object.hasOwn(needs, key), `no object of ${key} is known to this test`);

    const isKept = listed.verbs.includes('get');

    const object = {
      apiVersion: groupVersion,
      kind: listed.kind,
      ...(isKept && { metadata: { name: 'every-kind' } }),
      ...needs[key],
    } as KubeObject;

    const create = async (contentType: string, body: string | Buffer) => {
      const headers = {
        'content-type': contentType,
        'content-length': String(Buffer.byteLength(body)),
      };

      const answer = await server.call('POST', `${path}?dryRun=All`, { headers, body });
      assert.equal(answer.status, 201, `${key} as ${contentType}: ${answer.text}`);

      return withoutVolatileFields({ metadata: {}, ...answer.body });
    };

    // YAML that is not JSON: its first line is a comment.
    const yaml = `apiVersion: ${groupVersion}\n${Object.entries({
      ...object,
      apiVersion: undefined,
    })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
      .join('')}`;

    const first = await create('application/json', JSON.stringify(object));
    assert.deepEqual(await create('application/yaml', yaml), first, `${key} as YAML`);
    assert.deepEqual(await create(PROTOBUF, encodeForTests(object)), first, `${key} as protobuf`);

    if (!isKept) {
      continue;
    }

    const headers = { 'content-type': 'application/apply-patch+yaml' };

    const applied = await server.call(
      'PATCH',
      `${path}/${object.metadata.name}?fieldManager=m&dryRun=All`,
      {
        headers,
        body: yaml,
      },
    );

    assert.equal(applied.status, 201, `${key} by apply: ${applied.text}`);
    assert.deepEqual(withoutVolatileFields(applied.body), first, `${key} by apply`);
  }
});
