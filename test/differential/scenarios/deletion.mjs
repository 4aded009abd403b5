// Deletion: finalizers, propagation, garbage collection, namespaces, collections.

const map = (name, metadata = {}) => ({ metadata: { name, ...metadata } });
const finalizer = 'example.com/hold';

/** Returns an owner reference to a config map. */
const ownedBy = ({ kind, apiVersion, metadata }, more = {}) => ({
  ownerReferences: [{ kind, apiVersion, name: metadata.name, uid: metadata.uid, ...more }],
});

const merge = { 'content-type': 'application/merge-patch+json' };

async function familyOf(api, blocking) {
  const list = `${api.core}/configmaps`;
  const { body: owner } = await api.quietly('POST', list, { body: map('owner') });

  await api.quietly('POST', list, {
    body: map('child', ownedBy(owner, blocking ? { blockOwnerDeletion: true } : {})),
  });

  return list;
}

export default [
  {
    name: 'finalizers hold an object',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      await api.post(list, map('a', { finalizers: [finalizer] }));
      await api.delete(`${list}/a`);
      await api.get(`${list}/a`);
      await api.delete(`${list}/a`);
      await api.patch(`${list}/a`, { metadata: { finalizers: [finalizer, 'example.com/new'] } });
      await api.patch(`${list}/a`, { data: { still: 'changes' } });
      await api.patch(`${list}/a`, { metadata: { finalizers: null } });
      await api.get(`${list}/a`);
      await api.post(list, map('bad', { finalizers: ['no domain'] }));
      await api.post(list, map('unqualified', { finalizers: ['nodomain'] }));
      await api.post(list, map('b', { finalizers: [finalizer] }));

      await api.watch(`${list}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Db`, {
        count: 3,
        during: async () => {
          await api.delete(`${list}/b`);
          await api.patch(`${list}/b`, [{ op: 'remove', path: '/metadata/finalizers/0' }], 'json');
        },
      });
    },
  },
  {
    name: 'preconditions and options',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const { body } = await api.post(list, map('a'));
      const one = `${list}/a`;

      await api.delete(one, { preconditions: { uid: '5b1e7a33-50ac-4d0a-9b0d-2a2b5e0c5f01' } });
      await api.delete(one, { preconditions: { resourceVersion: '1' } });
      await api.delete(one, { propagationPolicy: 'Sometimes' });
      await api.delete(one, { propagationPolicy: 'Orphan', orphanDependents: true });
      await api.delete(one, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] });
      await api.delete(`${one}?dryRun=All`);
      await api.delete(`${one}?dryRun=Some`);
      await api.delete(one, { dryRun: ['Some'] });
      await api.delete(one, { gracePeriodSeconds: 'x' });
      await api.delete(one, { kind: 'ConfigMap', apiVersion: 'v1' });
      await api.delete(one, '{"gracePeriodSeconds":');
      await api.delete(one, { unknown: 1 });
      await api.get(one);
      await api.post(list, map('b'));

      const { uid, resourceVersion } = body.metadata;
      await api.delete(`${list}/b`, { preconditions: { uid } });

      const { body: b } = await api.quietly('GET', `${list}/b`);
      await api.delete(`${list}/b`, {
        preconditions: { uid: b.metadata.uid, resourceVersion: b.metadata.resourceVersion },
      });
      await api.delete(`${list}/b`);

      if (!uid || !resourceVersion) {
        throw new Error('no uid');
      }
    },
  },
  {
    name: 'in the background',
    run: async (api) => {
      const list = await familyOf(api);
      await api.delete(`${list}/owner`, { propagationPolicy: 'Background' });
      await api.until(`${list}/child`, (_, status) => status === 404);
    },
  },
  {
    name: 'in the foreground',
    run: async (api) => {
      const list = await familyOf(api, true);
      await api.delete(`${list}/owner`, { propagationPolicy: 'Foreground' });
      await api.until(`${list}/owner`, (_, status) => status === 404);
      await api.get(`${list}/child`);
      await familyOf(api, true);

      await api.quietly('PATCH', `${list}/child`, {
        body: { metadata: { finalizers: [finalizer] } },
        headers: merge,
      });

      await api.delete(`${list}/owner`, { propagationPolicy: 'Foreground' });
      await api.until(`${list}/child`, ({ metadata }) => metadata.deletionTimestamp);
      await api.get(`${list}/owner`);
      await api.get(`${list}/child`);

      await api.quietly('PATCH', `${list}/child`, {
        body: { metadata: { finalizers: null } },
        headers: merge,
      });

      await api.until(`${list}/owner`, (_, status) => status === 404);
    },
  },
  {
    name: 'orphans',
    run: async (api) => {
      const list = await familyOf(api);
      await api.delete(`${list}/owner`, { propagationPolicy: 'Orphan' });
      await api.until(`${list}/owner`, (_, status) => status === 404);

      const child = await api.until(`${list}/child`, ({ metadata }) => !metadata.ownerReferences);
      if (child.metadata.ownerReferences) {
        throw new Error('still owned');
      }

      await familyOf(api);
      await api.delete(`${list}/owner?orphanDependents=true`);
      await api.until(`${list}/owner`, (_, status) => status === 404);
      await api.until(`${list}/child`, ({ metadata }) => !metadata.ownerReferences);
    },
  },
  {
    name: 'several owners, and owners that are not there',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const { body: one } = await api.quietly('POST', list, { body: map('one') });
      const { body: two } = await api.quietly('POST', list, { body: map('two') });
      const both = {
        ownerReferences: [...ownedBy(one).ownerReferences, ...ownedBy(two).ownerReferences],
      };

      await api.quietly('POST', list, { body: map('child', both) });
      await api.delete(`${list}/one`);
      await api.until(`${list}/child`, ({ metadata }) => metadata.ownerReferences.length === 1);
      await api.delete(`${list}/two`);
      await api.until(`${list}/child`, (_, status) => status === 404);

      await api.quietly('POST', list, {
        body: map(
          'lost',
          ownedBy({
            kind: 'ConfigMap',
            apiVersion: 'v1',
            metadata: { name: 'never', uid: '5b1e7a33-50ac-4d0a-9b0d-2a2b5e0c5f01' },
          }),
        ),
      });

      await api.until(`${list}/lost`, (_, status) => status === 404);
      await api.post(list, map('bad', { ownerReferences: [{ kind: 'X' }] }));

      const controllers = [one, two].map((owner) => ({
        ...ownedBy(owner).ownerReferences[0],
        controller: true,
      }));

      await api.post(list, map('bad', { ownerReferences: controllers }));
    },
  },
  {
    name: 'collections',
    run: async (api) => {
      const list = `${api.core}/secrets`;

      for (const [name, tier] of [
        ['a', 'x'],
        ['b', 'x'],
        ['c', 'y'],
      ]) {
        await api.quietly('POST', list, { body: map(name, { labels: { tier } }) });
      }

      await api.delete(`${list}?labelSelector=tier%3Dx&dryRun=All`);
      await api.delete(`${list}?labelSelector=tier%3Dx`);
      await api.get(list);
      await api.delete(`${list}?fieldSelector=metadata.name%3Dnone`);
      await api.delete(`${list}?labelSelector=x y`);
      await api.delete(list);
      await api.get(list);
      await api.delete('/api/v1/namespaces');
      await api.delete('/api/v1/secrets');
    },
  },
  {
    name: 'a namespace ends with all that is in it',
    run: async (api) => {
      const name = `${api.namespace}-end`;
      await api.post('/api/v1/namespaces', map(name));

      const list = `/api/v1/namespaces/${name}/configmaps`;
      await api.until(`${list}/kube-root-ca.crt`, (_, status) => status === 200);
      await api.post(list, map('held', { finalizers: [finalizer] }));
      await api.post(list, map('free'));

      const deleted = await api.quietly('DELETE', `/api/v1/namespaces/${name}`);
      if (deleted.body.status.phase !== 'Terminating') {
        throw new Error(deleted.text);
      }

      await api.until(`${list}/free`, (_, status) => status === 404);
      await api.post(list, map('late'));

      await api.until(`/api/v1/namespaces/${name}`, ({ status }) =>
        status.conditions?.some(
          ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
        ),
      );

      const { body } = await api.quietly('GET', `/api/v1/namespaces/${name}`);

      const conditions = body.status.conditions.map(({ type, status, reason, message }) => ({
        type,
        status,
        reason,
        message,
      }));

      api.transcript.push({ call: 'conditions of the namespace', conditions });

      await api.quietly('PATCH', `${list}/held`, {
        body: { metadata: { finalizers: null } },
        headers: merge,
      });

      await api.until(`/api/v1/namespaces/${name}`, (_, status) => status === 404);
      await api.get(list);
    },
  },
  {
    name: 'namespaces that stay',
    run: async (api) => {
      for (const name of ['default', 'kube-system', 'kube-public']) {
        await api.delete(`/api/v1/namespaces/${name}`);
      }

      const name = `${api.namespace}-fin`;
      await api.post('/api/v1/namespaces', {
        metadata: { name },
        spec: { finalizers: ['example.com/custom'] },
      });

      await api.put(`/api/v1/namespaces/${name}`, { metadata: { name }, spec: { finalizers: [] } });

      await api.put(`/api/v1/namespaces/${name}/finalize`, {
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
      });

      await api.post('/api/v1/namespaces', { metadata: { name: 'Not_A_Name' } });
    },
  },
];
