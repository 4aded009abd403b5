// Watches: their start, their events, their end.

const map = (name, labels, data = {}) => ({ metadata: { name, labels }, data });
const query = (parameters) => `?${new URLSearchParams({ watch: 'true', ...parameters })}`;

/** Returns a namespace's config maps without the one that every namespace has. */
const own = { fieldSelector: 'metadata.name!=kube-root-ca.crt' };

async function version(api) {
  const { body } = await api.quietly('GET', `${api.core}/configmaps`);
  return body.metadata.resourceVersion;
}

export default [
  {
    name: 'from a version on',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const resourceVersion = await version(api);

      await api.quietly('POST', list, { body: map('a') });

      await api.watch(list + query({ resourceVersion }), {
        count: 5,
        during: async () => {
          await api.quietly('POST', list, { body: map('b') });

          await api.quietly('PATCH', `${list}/b`, {
            body: { data: { x: 'y' } },
            headers: { 'content-type': 'application/merge-patch+json' },
          });

          await api.quietly('DELETE', `${list}/b`);
          await api.quietly('DELETE', `${list}/a`);
        },
      });
    },
  },
  {
    name: 'objects move in and out of a label selector',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const resourceVersion = await version(api);
      const put = (name, labels, data) =>
        api.quietly('PUT', `${list}/${name}`, { body: map(name, labels, data) });
      await api.watch(list + query({ resourceVersion, labelSelector: 'in=yes' }), {
        count: 7,
        during: async () => {
          await api.quietly('POST', list, { body: map('a') });
          await put('a', { in: 'yes' });
          await put('a', { in: 'yes' }, { changed: 'here' });
          await put('a', { in: 'no' });
          await put('a', { in: 'no' }, { unseen: 'here' });
          await put('a', { in: 'yes' });
          await api.quietly('DELETE', `${list}/a`);
          await api.quietly('POST', list, { body: map('b', { in: 'yes' }) });
          await put('b', { in: 'yes' }, { a: 'b' });
        },
      });

      await api.watch(list + query({ resourceVersion, labelSelector: 'in=yes' }), { count: 7 });
    },
  },
  {
    name: 'objects move in and out of a field selector',
    run: async (api) => {
      const list = `${api.core}/pods`;
      const { body } = await api.quietly('GET', list);
      const { resourceVersion } = body.metadata;
      await api.watch(list + query({ resourceVersion, fieldSelector: 'spec.nodeName=n1' }), {
        count: 3,
        during: async () => {
          const spec = { containers: [{ name: 'c', image: 'x' }] };
          await api.quietly('POST', list, { body: { metadata: { name: 'p' }, spec } });
          await api.quietly('POST', `${list}/p/binding`, {
            body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } },
          });
          await api.quietly('DELETE', `${list}/p?gracePeriodSeconds=0`);
        },
      });
    },
  },
  {
    name: 'initial events, then a bookmark',
    run: async (api) => {
      const list = `${api.core}/configmaps`;

      for (const name of ['a', 'b']) {
        await api.quietly('POST', list, { body: map(name) });
      }

      const initial = {
        ...own,
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        allowWatchBookmarks: 'true',
      };

      await api.watch(list + query(initial), { count: 3, bookmarks: true });
      await api.watch(list + query({ ...own, resourceVersion: '0' }), { count: 2 });
      await api.watch(list + query(own), { count: 2 });

      await api.watch(list + query({ ...initial, resourceVersion: '0' }), {
        count: 3,
        bookmarks: true,
      });

      await api.watch(list + query({ ...own, sendInitialEvents: 'true' }), { count: 1 });

      await api.watch(
        list + query({ ...own, sendInitialEvents: 'true', resourceVersionMatch: 'Exact' }),
        { count: 1 },
      );

      await api.watch(
        list + query({ ...own, resourceVersionMatch: 'NotOlderThan', resourceVersion: '1' }),
        {
          count: 1,
        },
      );

      await api.watch(
        list + query({ ...own, sendInitialEvents: 'false', resourceVersionMatch: 'NotOlderThan' }),
        {
          ms: 300,
        },
      );
    },
  },
  {
    name: 'ends after timeoutSeconds',
    run: async (api) => {
      await api.watch(`${api.core}/configmaps${query({ timeoutSeconds: '1', ...own })}`, {
        ms: 8000,
      });
      await api.watch(`${api.core}/configmaps${query({ timeoutSeconds: 'x' })}`, { ms: 1000 });

      await api.watch(
        `${api.core}/configmaps${query({ timeoutSeconds: '1', limit: '1', ...own })}`,
        { ms: 8000 },
      );
    },
  },
  {
    name: 'bad versions',
    run: async (api) => {
      for (const resourceVersion of ['x', '-1', '999999999999']) {
        await api.watch(
          `${api.core}/configmaps${query({ resourceVersion, timeoutSeconds: '1' })}`,
          {
            count: 1,
            ms: 2500,
          },
        );
      }
    },
  },
  {
    name: 'one object',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const { body } = await api.quietly('POST', list, { body: map('a') });
      const { resourceVersion } = body.metadata;

      await api.quietly('POST', list, { body: map('b') });
      await api.quietly('PUT', `${list}/a`, { body: map('a', { x: 'y' }) });
      await api.watch(list + query({ resourceVersion, fieldSelector: 'metadata.name=a' }), {
        count: 1,
      });

      await api.watch(
        `/api/v1/watch/namespaces/${api.namespace}/configmaps/a?resourceVersion=${resourceVersion}`,
        {
          count: 1,
        },
      );

      await api.watch(
        `/api/v1/watch/namespaces/${api.namespace}/configmaps?resourceVersion=${resourceVersion}`,
        {
          count: 2,
        },
      );

      await api.watch(`${list}/a${query({ resourceVersion })}`, { count: 1, ms: 1000 });

      await api.watch(
        `/api/v1/watch/configmaps?resourceVersion=${resourceVersion}&fieldSelector=metadata.namespace%3D${api.namespace}`,
        { count: 2 },
      );
    },
  },
  {
    name: 'tables and metadata',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const resourceVersion = await version(api);

      await api.quietly('POST', list, { body: map('a', {}, { k: 'v' }) });
      await api.quietly('DELETE', `${list}/a`);

      for (const kind of ['Table', 'PartialObjectMetadata']) {
        const headers = { accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` };
        await api.watch(list + query({ resourceVersion }), { count: 2, headers });

        await api.watch(
          list + query({ resourceVersion: '0', fieldSelector: 'metadata.name=kube-root-ca.crt' }),
          {
            count: 1,
            headers,
          },
        );
      }

      await api.watch(list + query({ resourceVersion }), {
        count: 2,
        headers: { accept: 'application/json;stream=watch' },
      });

      await api.watch(list + query({ resourceVersion }), {
        count: 1,
        ms: 1000,
        headers: { accept: 'text/html' },
      });
    },
  },
  {
    name: 'every namespace, and kinds without watches',
    run: async (api) => {
      const list = `${api.core}/configmaps`;
      const resourceVersion = await version(api);

      await api.quietly('POST', list, { body: map('a') });

      await api.watch(
        `/api/v1/configmaps${query({ resourceVersion, fieldSelector: `metadata.namespace=${api.namespace}` })}`,
        { count: 1 },
      );

      await api.watch(`/api/v1/nothings${query({})}`, { count: 1, ms: 1000 });

      await api.watch(`/apis/authorization.k8s.io/v1/selfsubjectaccessreviews${query({})}`, {
        count: 1,
        ms: 1000,
      });

      await api.watch(`/api/v1/watch/nothings`, { count: 1, ms: 1000 });
      await api.watch(`${list}${query({ labelSelector: 'x y' })}`, { count: 1, ms: 1000 });
      await api.watch(`${list}${query({ fieldSelector: 'data.x=y' })}`, { count: 1, ms: 1000 });
      await api.watch(`${list}?watch=maybe`, { count: 1, ms: 1000 });
      await api.watch(`${list}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Da`, {
        count: 1,
      });
    },
  },
  {
    name: 'a custom resource and its definition',
    run: async (api) => {
      const group = `${api.namespace}.example.com`;

      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          ],
        },
      };

      await api.quietly('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        body: definition,
      });

      const list = `/apis/${group}/v1/namespaces/${api.namespace}/things`;
      const { metadata } = await api.until(list, (_, status) => status === 200);
      await api.watch(list + query({ resourceVersion: metadata.resourceVersion }), {
        count: 3,
        during: async () => {
          const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 't' } };
          await api.quietly('POST', list, { body: thing });

          await api.quietly('PATCH', `${list}/t`, {
            body: { spec: 1 },
            headers: { 'content-type': 'application/merge-patch+json' },
          });

          await api.quietly('DELETE', `${list}/t`);
        },
      });
    },
  },
];
