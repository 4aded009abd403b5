// Mutating and validating admission webhooks: the reviews that they get, and the effect of their
// answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { startWebhook } from '../webhook-server.mjs';

const mutatingPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const validatingPath = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

const maps = {
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};

/** Returns an AdmissionReview that answers a review. */
const answerReview = (body, response) => ({
  apiVersion: body.apiVersion,
  kind: 'AdmissionReview',
  response: { uid: body.request.uid, allowed: true, ...response },
});

const patch = (...operations) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

function sortKeys(value) {
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  if (!value || typeof value !== 'object') {
    return value;
  }

  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

/** Returns a review as text, without the fields that depend on who the administrator is. */
const describeReview = ({ userInfo, ...request }) =>
  JSON.stringify(
    sortKeys({
      ...request,
      userInfo: Object.keys(userInfo).filter((k) => k !== 'uid' && k !== 'extra'),
    }),
  );

/** Runs with webhooks registered for the scenario's namespace only. */
async function withHooks(api, { mutating = [], validating = [] }, answer, run) {
  const order = new Map();

  const server = await startWebhook(async (body, url) => {
    await sleep(30 * (order.get(url.split('?')[0]) ?? 0));
    return answer(body, url);
  });

  const configureHook = (hook, kind, index) => ({
    name: `${hook.name ?? `${kind}${index}`}.example.com`,
    clientConfig: { url: `${server.url}/${hook.path ?? kind + index}`, caBundle: server.caBundle },
    rules: [maps],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': api.namespace } },
    ...hook.more,
  });

  const paths = [];

  for (const [kind, path, hooks] of /** @type {[string, string, any[]][]} */ ([
    ['mutating', mutatingPath, mutating],
    ['validating', validatingPath, validating],
  ])) {
    if (hooks.length === 0) {
      continue;
    }

    const body = {
      metadata: { name: `${api.namespace}-${kind}` },
      webhooks: hooks.map((hook, i) => configureHook(hook, kind, i)),
    };

    // Webhooks that are called in parallel answer in their order.
    for (const [index, hook] of hooks.entries()) {
      order.set(`/${hook.path ?? kind + index}`, index);
    }

    const { status, text } = await api.quietly('POST', path, { body });
    if (status !== 201) {
      throw new Error(text);
    }

    paths.push(`${path}/${api.namespace}-${kind}`);
  }

  await sleep(700);

  try {
    await run(server);
  } finally {
    for (const path of paths) {
      await api.quietly('DELETE', path);
    }

    await server.close();
    await sleep(300);
  }
}

const map = (name, more = {}) => ({
  metadata: { name, ...more.metadata },
  data: { a: 'b', ...more.data },
});

export default [
  {
    name: 'reviews of a validating webhook',
    run: async (api) => {
      const rules = [
        {
          ...maps,
          operations: ['*'],
          resources: ['configmaps', 'pods', 'pods/*', 'deployments', 'deployments/*'],
          apiGroups: ['', 'apps'],
        },
      ];

      const deny = (body) =>
        answerReview(body, { allowed: false, status: { message: describeReview(body.request) } });
      let open = false;

      const answer = (body) =>
        open || body.request.userInfo.groups.includes('system:serviceaccounts')
          ? answerReview(body, {})
          : deny(body);

      await withHooks(api, { validating: [{ more: { rules } }] }, answer, async () => {
        const path = `${api.core}/configmaps`;
        await api.post(path, map('a'));
        await api.post(`${path}?dryRun=All&fieldManager=me&fieldValidation=Strict`, map('a'));
        await api.post(path, { metadata: { labels: { a: 'b' }, name: 'b' } });
        open = true;
        await api.post(path, map('a'));
        open = false;
        await api.patch(`${path}/a`, { data: { c: 'd' } });
        await api.put(`${path}/a?fieldManager=putter`, map('a', { data: { x: 'y' } }));

        await api.patch(
          `${path}/a?fieldManager=applier&force=true`,
          { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'c' } },
          'apply',
        );

        await api.delete(`${path}/a`);
        await api.delete(`${path}/a`, { propagationPolicy: 'Foreground', gracePeriodSeconds: 3 });
        await api.delete(path);

        await api.post(`${api.core}/pods`, {
          metadata: { name: 'p' },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        });

        open = true;

        await api.post(`${api.core}/pods`, {
          metadata: { name: 'p' },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        });

        const labels = { a: 'b' };

        const template = {
          metadata: { labels },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        };

        await api.quietly('POST', `${api.group('apps/v1')}/deployments`, {
          body: {
            metadata: { name: 'd' },
            spec: { replicas: 0, selector: { matchLabels: labels }, template },
          },
        });

        open = false;
        await api.patch(`${api.core}/pods/p/status`, { status: { message: 'x' } });
        await api.post(`${api.core}/pods/p/binding`, { target: { kind: 'Node', name: 'n' } });
        await api.post(`${api.core}/pods/p/eviction`, { metadata: { name: 'p' } });
        await api.patch(`${api.group('apps/v1')}/deployments/d/scale`, { spec: { replicas: 0 } });
        open = true;
      });
    },
  },
  {
    name: 'refusals in all their forms',
    run: async (api) => {
      const answers = [
        {},
        { status: { message: 'no' } },
        { status: { reason: 'Because' } },
        { status: { code: 403, message: 'forbidden here', reason: 'Forbidden' } },
        { status: { code: 200, message: 'fine?', status: 'Success' } },
        {
          status: {
            code: 422,
            message: 'bad',
            details: { causes: [{ field: 'a', message: 'b' }] },
          },
        },
        { status: { message: 'warned' }, warnings: ['first', 'second'] },
      ];

      let index = 0;
      await withHooks(
        api,
        { validating: [{}] },
        (body) => answerReview(body, { allowed: false, ...answers[index] }),
        async () => {
          for (index = 0; index < answers.length; index++) {
            await api.post(`${api.core}/configmaps`, map('a'));
          }

          index = 1;
          await api.kubectl('create configmap k --from-literal=a=b');
        },
      );
    },
  },
  {
    name: 'answers that are none',
    run: async (api) => {
      let answer;
      const post = () => api.post(`${api.core}/configmaps`, map('a'));
      await withHooks(
        api,
        { validating: [{ more: { timeoutSeconds: 1 } }] },
        (body) => answer(body),
        async () => {
          for (const given of [
            () => ({ text: 'oops', status: 500 }),
            () => ({ text: '', status: 404 }),
            () => ({ text: 'not json', status: 200 }),
            () => ({ text: '', status: 200 }),
            () => ({ kind: 'Status', apiVersion: 'v1' }),
            () => ({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }),
            (body) => ({ ...answerReview(body), response: { uid: 'other', allowed: true } }),
            (body) => ({ ...answerReview(body), apiVersion: 'admission.k8s.io/v1beta1' }),
            (body) => answerReview(body, patch({ op: 'add', path: '/data/x', value: 'y' })),
            (body) => answerReview(body, { patchType: 'JSONPatch' }),
            () => undefined,
          ]) {
            answer = given;
            await post();
          }

          answer = (body) => answerReview(body, { warnings: ['careful', 'very "careful"'] });
          await post();
        },
      );
    },
  },
  {
    name: 'unreachable webhooks, with failurePolicy Ignore too',
    run: async (api) => {
      const nowhere = { url: 'https://127.0.0.1:1/x' };
      await withHooks(
        api,
        { validating: [{ more: { clientConfig: nowhere } }] },
        () => undefined,
        async () => {
          await api.post(`${api.core}/configmaps`, map('a'));
        },
      );

      await withHooks(
        api,
        { validating: [{ more: { clientConfig: nowhere, failurePolicy: 'Ignore' } }] },
        () => undefined,
        async () => {
          await api.post(`${api.core}/configmaps`, map('b'));
        },
      );

      const service = { service: { namespace: api.namespace, name: 'none', path: '/x' } };
      await withHooks(
        api,
        { validating: [{ more: { clientConfig: service } }] },
        () => undefined,
        async () => {
          await api.post(`${api.core}/configmaps`, map('c'));
        },
      );

      await withHooks(
        api,
        { mutating: [{ more: { failurePolicy: 'Ignore' } }] },
        () => ({ text: 'x', status: 500 }),
        async () => {
          await api.post(`${api.core}/configmaps`, map('d'));
        },
      );

      await withHooks(
        api,
        {
          validating: [
            { more: { clientConfig: { url: 'https://127.0.0.1:1/x', caBundle: undefined } } },
          ],
        },
        () => undefined,
        async () => {
          await api.patch(`${api.core}/configmaps/d`, { data: { x: 'y' } });
        },
      );
    },
  },
  {
    name: 'certificates are checked',
    run: async (api) => {
      const other = await startWebhook((body) => answerReview(body));

      try {
        const noBundle = { url: `${other.url}/x` };
        await withHooks(
          api,
          { validating: [{ more: { clientConfig: noBundle } }] },
          () => undefined,
          async () => {
            await api.post(`${api.core}/configmaps`, map('a'));
          },
        );
      } finally {
        await other.close();
      }
    },
  },
  {
    name: 'patches change the stored object, after defaults and before validation',
    run: async (api) => {
      const operations = [
        [{ op: 'add', path: '/data/x', value: 'y' }],
        [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }],
        [{ op: 'add', path: '/nonsense', value: 1 }],
        [{ op: 'replace', path: '/nothing/there', value: 1 }],
        [{ op: 'add', path: '/data/x', value: 5 }],
        [{ op: 'add', path: '/metadata/labels', value: { 'a b': 'c' } }],
        [{ op: 'replace', path: '/metadata/name', value: 'other' }],
        [{ op: 'add', path: '/metadata/namespace', value: 'other' }],
        [{ op: 'test', path: '/data/a', value: 'z' }],
        [],
      ];

      let index = 0;
      await withHooks(
        api,
        { mutating: [{}] },
        (body) => answerReview(body, operations[index].length ? patch(...operations[index]) : {}),
        async () => {
          for (index = 0; index < operations.length; index++) {
            await api.post(`${api.core}/configmaps`, map(`m${index}`));
          }

          index = 0;
          await api.post(`${api.core}/configmaps?dryRun=All`, map('dry'));
        },
      );
    },
  },
  {
    name: 'patched pods get the defaults of added fields',
    run: async (api) => {
      const rules = [{ ...maps, operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['pods'] }];

      const sidecar = {
        op: 'add',
        path: '/spec/containers/-',
        value: { name: 'sidecar', image: 'proxy', ports: [{ containerPort: 1 }] },
      };

      const answer = (body) =>
        answerReview(body, body.request.operation === 'UPDATE' ? {} : patch(sidecar));
      await withHooks(api, { mutating: [{ more: { rules } }] }, answer, async () => {
        await api.post(`${api.core}/pods`, {
          metadata: { name: 'p' },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        });

        await api.patch(`${api.core}/pods/p`, { metadata: { labels: { a: 'b' } } });
        await api.delete(`${api.core}/pods/p`);
        await api.get(`${api.core}/pods/p`);
      });
    },
  },
  {
    name: 'several webhooks: order, reinvocation, the last word of validation',
    run: async (api) => {
      const note = (body, url) => {
        const seen = body.request.object.data?.seen ?? '';
        const stop = seen.split(',').filter((item) => item === url.slice(1)).length >= 2;

        return answerReview(
          body,
          stop
            ? {}
            : patch({
                op: 'add',
                path: '/data/seen',
                value: `${seen}${seen && ','}${url.slice(1).split('?')[0]}`,
              }),
        );
      };

      const answer = (body, url) =>
        url.startsWith('/v')
          ? answerReview(body, {
              allowed: !body.request.object.data.deny,
              status: { message: body.request.object.data.seen },
            })
          : note(body, url);

      const hooks = (...policies) =>
        policies.map((reinvocationPolicy, index) => ({
          path: `m${index}`,
          more: { reinvocationPolicy },
        }));

      for (const [name, policies] of [
        ['never', ['Never', 'Never']],
        ['first', ['IfNeeded', 'Never']],
        ['second', ['Never', 'IfNeeded']],
        ['both', ['IfNeeded', 'IfNeeded']],
      ]) {
        await withHooks(
          api,
          { mutating: hooks(...policies), validating: [{ path: 'v' }] },
          answer,
          async () => {
            await api.post(`${api.core}/configmaps`, map(name));

            await api.post(
              `${api.core}/configmaps`,
              map(`${name}-denied`, { data: { deny: 'yes' } }),
            );
          },
        );
      }
    },
  },
  {
    name: 'rules, selectors, scope, match policy',
    run: async (api) => {
      const answer = (body, url) =>
        answerReview(body, {
          warnings: [
            `${url.split('?')[0]} ${body.request.operation} ${body.request.resource.version} ${body.request.kind.kind} ${body.request.object?.apiVersion}`,
          ],
        });

      const ruleForAll = (more) => ({
        operations: ['*'],
        apiGroups: ['*'],
        apiVersions: ['*'],
        resources: ['*'],
        ...more,
      });

      await withHooks(
        api,
        {
          validating: [
            {
              path: 'labels',
              more: {
                objectSelector: { matchLabels: { watch: 'yes' } },
                rules: [ruleForAll({ resources: ['configmaps'] })],
              },
            },
            {
              path: 'update',
              more: { rules: [ruleForAll({ operations: ['UPDATE'], resources: ['configmaps'] })] },
            },
            { path: 'group', more: { rules: [ruleForAll({ apiGroups: ['apps'] })] } },
            {
              path: 'cluster',
              more: {
                rules: [ruleForAll({ scope: 'Cluster' })],
                namespaceSelector: {
                  matchLabels: { 'kubernetes.io/metadata.name': `${api.namespace}-made` },
                },
              },
            },
            {
              path: 'namespaced',
              more: {
                rules: [
                  ruleForAll({
                    scope: 'Namespaced',
                    operations: ['CREATE'],
                    resources: ['configmaps'],
                  }),
                ],
              },
            },
            {
              path: 'exact',
              more: {
                matchPolicy: 'Exact',
                rules: [ruleForAll({ apiGroups: ['autoscaling'], apiVersions: ['v1'] })],
              },
            },
            {
              path: 'equivalent',
              more: {
                matchPolicy: 'Equivalent',
                rules: [ruleForAll({ apiGroups: ['autoscaling'], apiVersions: ['v1'] })],
              },
            },
            { path: 'status', more: { rules: [ruleForAll({ resources: ['*/status'] })] } },
          ],
        },
        answer,
        async () => {
          const path = `${api.core}/configmaps`;
          await api.post(path, map('a'));
          await api.post(path, map('b', { metadata: { labels: { watch: 'yes' } } }));
          await api.patch(`${path}/b`, { metadata: { labels: { watch: 'no' } } });
          await api.patch(`${path}/b`, { metadata: { labels: { watch: 'never' } } });
          await api.delete(`${path}/a`);
          await api.post('/api/v1/namespaces', { metadata: { name: `${api.namespace}-made` } });
          await api.quietly('DELETE', `/api/v1/namespaces/${api.namespace}-made`);

          const hpa = (version) => ({
            apiVersion: `autoscaling/${version}`,
            kind: 'HorizontalPodAutoscaler',
            metadata: { name: version },
            spec: {
              maxReplicas: 2,
              scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
            },
          });

          for (const version of ['v2']) {
            await api.post(
              `${api.group(`autoscaling/${version}`)}/horizontalpodautoscalers?dryRun=All`,
              hpa(version),
            );
          }

          await api.post(`${api.core}/persistentvolumeclaims`, {
            metadata: { name: 'c' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: '',
              resources: { requests: { storage: '1Gi' } },
            },
          });

          await api.patch(`${api.core}/persistentvolumeclaims/c/status`, {
            status: { phase: 'Lost' },
          });
        },
      );
    },
  },
  {
    name: 'dry run and side effects',
    run: async (api) => {
      const answer = (body) => answerReview(body, { warnings: [`dryRun ${body.request.dryRun}`] });

      for (const sideEffects of ['None', 'NoneOnDryRun']) {
        await withHooks(api, { validating: [{ more: { sideEffects } }] }, answer, async () => {
          await api.post(`${api.core}/configmaps?dryRun=All`, map('a'));
        });
      }

      await withHooks(
        api,
        {
          validating: [
            { more: { sideEffects: 'None', admissionReviewVersions: ['v1beta1', 'v1'] } },
          ],
        },
        (body) => answerReview(body, { allowed: false, status: { message: body.apiVersion } }),
        async () => {
          await api.post(`${api.core}/configmaps`, map('a'));
        },
      );
    },
  },
  {
    name: 'match conditions',
    run: async (api) => {
      const answer = (body, url) => answerReview(body, { warnings: [url.split('?')[0]] });

      const conditions = {
        name: "object.metadata.name.startsWith('a')",
        data: "has(object.data) && 'k' in object.data",
        user: "'system:masters' in request.userInfo.groups",
        created: "request.operation == 'CREATE' && oldObject == null",
        fails: "object.data.missing == 'x'",
        dry: 'request.dryRun',
        labels: "object.metadata.?labels.?a.orValue('') == 'b'",
        kind: "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.namespace != ''",
      };

      const validating = Object.entries(conditions).map(([name, expression]) => ({
        path: name,
        name,
        more: {
          matchConditions: [{ name, expression }],
          ...(name === 'fails' && { failurePolicy: 'Ignore' }),
        },
      }));

      await withHooks(api, { validating }, answer, async () => {
        await api.post(`${api.core}/configmaps`, map('a'));

        await api.post(
          `${api.core}/configmaps`,
          map('b', { data: { k: 'v' }, metadata: { labels: { a: 'b' } } }),
        );

        await api.post(`${api.core}/configmaps?dryRun=All`, map('c'));
      });

      await withHooks(
        api,
        {
          validating: [
            {
              more: {
                matchConditions: [{ name: 'fails', expression: "object.data.missing == 'x'" }],
              },
            },
          ],
        },
        answer,
        async () => {
          await api.post(`${api.core}/configmaps`, map('d'));
        },
      );
    },
  },
  {
    name: 'configurations: defaults and refusals',
    run: async (api) => {
      const hook = (more = {}) => ({
        name: 'a.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/x' },
        rules: [{ ...maps, resources: ['nothings'], apiGroups: ['none.example.com'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...more,
      });

      const create = (path, webhooks) =>
        api.post(`${path}?dryRun=All`, { metadata: { name: `${api.namespace}-c` }, webhooks });

      for (const path of [mutatingPath, validatingPath]) {
        await create(path, [hook()]);
        await create(path, [hook({ clientConfig: { service: { name: 's', namespace: 'n' } } })]);
        await create(path, [hook({ name: 'short' })]);
        await create(path, [hook(), hook()]);
        await create(path, [hook({ sideEffects: 'Some' })]);
        await create(path, [hook({ sideEffects: undefined })]);
        await create(path, [hook({ admissionReviewVersions: [] })]);
        await create(path, [hook({ admissionReviewVersions: ['v2'] })]);
        await create(path, [hook({ clientConfig: {} })]);
        await create(path, [hook({ clientConfig: { url: 'http://x/y' } })]);
        await create(path, [hook({ clientConfig: { url: 'https://x/y?a=b#c' } })]);
        await create(path, [hook({ clientConfig: { url: 'https://u:p@x/y' } })]);
        await create(path, [
          hook({ clientConfig: { url: 'https://x', service: { name: 's', namespace: 'n' } } }),
        ]);

        await create(path, [
          hook({
            clientConfig: { service: { name: 's', namespace: 'n', port: 70000, path: 'x' } },
          }),
        ]);

        await create(path, [hook({ timeoutSeconds: 31 })]);
        await create(path, [hook({ failurePolicy: 'Maybe' })]);
        await create(path, [hook({ matchPolicy: 'Maybe' })]);

        await create(path, [
          hook({
            rules: [
              { operations: ['MAKE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
            ],
          }),
        ]);

        await create(path, [
          hook({ rules: [{ operations: [], apiGroups: [], apiVersions: [], resources: [] }] }),
        ]);
        await create(path, [
          hook({ rules: [{ ...maps, apiGroups: ['*', 'a'], resources: ['*', 'pods'] }] }),
        ]);
        await create(path, [hook({ rules: [{ ...maps, scope: 'Some' }] })]);
        await create(path, [
          hook({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
        ]);
        await create(path, [hook({ matchConditions: [{ name: 'x', expression: 'object.' }] })]);
        await create(path, [hook({ matchConditions: [{ name: 'x', expression: '1 + 1' }] })]);
        await create(path, [
          hook({ matchConditions: [{ name: 'x', expression: 'unknown.name == 1' }] }),
        ]);
        await create(path, [hook({ matchConditions: [{ name: '', expression: '' }] })]);
      }

      await create(mutatingPath, [hook({ reinvocationPolicy: 'Always' })]);
    },
  },
];
